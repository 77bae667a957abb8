"""Values of template.yaml as the local server resolves them."""

from pathlib import Path
from typing import Any

import pytest

from signet_cli.local.intrinsics import NO_VALUE, Intrinsics, TemplateError
from signet_cli.local.template import Template

INTRINSICS = Intrinsics(
    names={"Name": "value", "Empty": "", "Number": 3600, "AWS::Region": "us-east-1", "AWS::NoValue": NO_VALUE},
    attributes={("Table", "Arn"): "arn:table"},
    conditions={
        "Named": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Name"}, ""]}]},
        "Empty": {"Fn::Equals": [{"Ref": "Empty"}, ""]},
        "Both": {"Fn::And": [{"Condition": "Named"}, {"Condition": "Empty"}]},
        "Neither": {"Fn::Not": [{"Fn::Or": [{"Condition": "Named"}, {"Condition": "Empty"}]}]},
    },
)


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ({"Ref": "Name"}, "value"),
        ({"Ref": "Number"}, 3600),
        ({"Fn::GetAtt": ["Table", "Arn"]}, "arn:table"),
        ({"Fn::GetAtt": "Table.Arn"}, "arn:table"),
        ({"Fn::Sub": "a/${Name}/${Table.Arn}/${AWS::Region}/${Number}"}, "a/value/arn:table/us-east-1/3600"),
        ({"Fn::Sub": "${!Name} and $Name"}, "${Name} and $Name"),
        ({"Fn::Sub": ["${Own}-${Name}", {"Own": {"Ref": "AWS::Region"}}]}, "us-east-1-value"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Name"}, 1]]}, "a-value-1"),
        ({"Fn::If": ["Named", {"Ref": "Name"}, "other"]}, "value"),
        ({"Fn::If": ["Neither", {"Ref": "Nowhere"}, "other"]}, "other"),
        ({"Fn::If": ["Both", True, False]}, True),
        ({"kept": 1, "gone": {"Ref": "AWS::NoValue"}}, {"kept": 1}),
        ([1, {"Ref": "AWS::NoValue"}], [1]),
        ({"deep": [{"Fn::Sub": "${Name}"}]}, {"deep": ["value"]}),
    ],
)
def test_intrinsic_functions_resolve_as_cloudformation_has_them(value: Any, resolved: Any) -> None:
    """Reference of CloudFormation's intrinsic functions and pseudo parameters."""
    assert INTRINSICS.resolve(value) == resolved


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ({"Ref": "Nowhere"}, "Nowhere is neither a parameter nor a resource"),
        ({"Fn::Sub": "${Nowhere}"}, "Nowhere is neither"),
        ({"Fn::GetAtt": ["Table", "Colour"]}, "Table.Colour has no value"),
        ({"Fn::If": ["Undeclared", 1, 2]}, "condition Undeclared does not exist"),
        ({"Fn::Cidr": ["10.0.0.0/8"]}, "Fn::Cidr is not known"),
        ({"Fn::Join": "nonsense"}, "Fn::Join does not take 'nonsense'"),
    ],
)
def test_what_cannot_be_resolved_is_named(value: Any, complaint: str) -> None:
    """Nothing is passed on half resolved."""
    with pytest.raises(TemplateError, match=complaint):
        INTRINSICS.resolve(value)


def test_resources_have_globals_ids_and_the_public_origin(project: Path) -> None:
    """Globals are merged as SAM merges them, and the API's address is the one that it has here."""
    template = Template.read(project / "template.yaml", "https://auth.example.test").with_id("Secret", "arn:secret")
    [echo] = template.resources("AWS::Serverless::Function").values()
    assert echo["Timeout"] == 20
    assert echo["Environment"]["Variables"] == {
        "TABLE": "signet-RegistryTable",
        "GREETING": "hello",
        "SECRET": "arn:secret",
        "ISSUER": "https://auth.example.test/connect",
    }
    assert template.outputs() == {
        "Issuer": "https://auth.example.test/connect",
        "RegistryTable": "signet-RegistryTable",
    }


def test_resource_whose_condition_is_false_does_not_exist(tmp_path: Path) -> None:
    """So it is with an output."""
    path = tmp_path / "template.yaml"
    path.write_text(
        "Conditions: { Never: !Equals [a, b] }\n"
        "Resources:\n"
        "  A: { Type: 'A::B::C', Condition: Never }\n"
        "  B: { Type: 'A::B::C' }\n"
        "Outputs: { A: { Condition: Never, Value: !Ref A }, B: { Value: !Ref B } }\n"
    )
    template = Template.read(path, "http://localhost")
    assert list(template.resources("A::B::C")) == ["B"]
    assert template.outputs() == {"B": "signet-B"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Resources: [", "line 1: "),
        ("", "no Resources"),
        ("- a list", "no Resources"),
        ("Resources: {}", "no Resources"),
        ("Resources: { A: { Properties: {} } }", "resource A has no Type"),
        ("Globals: { Fnction: {} }\nResources: { A: { Type: 'A::B::C' } }", "Globals: .*Fnction"),
        ("Resources: { A: { Type: 'A::B::C', Properties: { B: !Ref B } } }", "template: A: B is neither"),
        ("Parameters: { P: { Type: String } }\nResources: { A: { Type: 'A::B::C' } }", "parameter P has no default"),
    ],
)
def test_template_that_cannot_be_used_is_one_line(tmp_path: Path, text: str, complaint: str) -> None:
    """It says where and what."""
    path = tmp_path / "template.yaml"
    path.write_text(text)
    with pytest.raises(TemplateError, match=complaint) as raised:
        Template.read(path, "http://localhost").resources("A::B::C")
    assert "\n" not in str(raised.value)


def test_missing_template_is_named(tmp_path: Path) -> None:
    """Serving from another folder is the usual reason."""
    with pytest.raises(TemplateError, match=r"nowhere\.yaml: No such file"):
        Template.read(tmp_path / "nowhere.yaml", "http://localhost")
