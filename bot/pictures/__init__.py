"""Pictures that members give: fetched, looked at, made harmless and kept under their hash."""
