// Sends the authorization response on. A parameter called `submit` would hide the form's own method.
HTMLFormElement.prototype.submit.call(document.querySelector("form"));
