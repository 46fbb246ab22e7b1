"""States for a run of Idem that changes nothing anywhere."""


async def present(hub, ctx, name, new_state=None, **kwargs):
    return {
        "changes": {"old": None, "new": new_state},
        "comment": ("Created demo.present", f"named '{name}'"),
        "name": name,
        "result": True,
        "old_state": None,
        "new_state": new_state,
    }
