"""Bring the metadata up to date and set the administrator's password, a line of standard input.

Superset's Python runs this file; the password stands in no argument and no environment.
"""

import sys

import flask_migrate
from superset.app import create_app

ADMIN = "admin"

password = sys.stdin.readline().rstrip("\n")
with create_app().app_context():
    from superset import appbuilder, db, security_manager

    flask_migrate.upgrade()
    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()
    administrator = security_manager.find_user(ADMIN)
    if administrator is None:
        role = security_manager.find_role("Admin")
        email = "admin@localhost"
        if not security_manager.add_user(ADMIN, "Local", "Administrator", email, role, password):
            sys.exit(1)
    else:
        security_manager.reset_password(administrator.id, password)
    db.session.commit()
