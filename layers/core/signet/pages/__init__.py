"""The pages people see: views in, HTTP responses out."""
