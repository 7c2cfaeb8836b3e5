"""The first schema

Revision: 0001, after:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None

AUDIT_GUARD = {'postgresql': ("CREATE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit_event is "
                "append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$",
                'CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON audit_event FOR EACH ROW EXECUTE FUNCTION '
                'audit_event_refuse()',
                'CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event FOR EACH STATEMENT EXECUTE FUNCTION '
                'audit_event_refuse()'),
 'sqlite': ("CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); "
            'END',
            "CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); "
            'END')}


def upgrade() -> None:
    op.create_table('account',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('user_code', sa.String(length=32), nullable=False),
    sa.Column('password_hash', sa.String(), nullable=False),
    sa.Column('credentials_pending', sa.Boolean(), nullable=False),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('state_reason', sa.String(), nullable=True),
    sa.Column('national_code', sa.String(length=10), nullable=True),
    sa.Column('first_name', sa.String(), nullable=False),
    sa.Column('last_name', sa.String(), nullable=False),
    sa.Column('mobile', sa.String(length=13), nullable=True),
    sa.Column('mobile_verified', sa.Boolean(), nullable=False),
    sa.Column('migrated', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account')),
    sa.UniqueConstraint('user_code', name=op.f('uq_account_user_code'))
    )
    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_account_mobile'), ['mobile'], unique=False)
        batch_op.create_index('uq_account_living_national_code', ['national_code'], unique=True, sqlite_where=sa.text("state <> 'ANNULLED'"), postgresql_where=sa.text("state <> 'ANNULLED'"))

    op.create_table('daily_sequence',
    sa.Column('day', sa.String(length=8), nullable=False),
    sa.Column('last', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('day', name=op.f('pk_daily_sequence'))
    )
    op.create_table('degree_level',
    sa.Column('code', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('allowed', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_degree_level'))
    )
    op.create_table('distributor',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('legal_id', sa.String(length=11), nullable=True),
    sa.Column('guild_id', sa.String(length=20), nullable=True),
    sa.Column('manager_name', sa.String(), nullable=False),
    sa.Column('phone', sa.String(), nullable=True),
    sa.Column('address', sa.String(), nullable=True),
    sa.Column('manager_mobile', sa.String(length=13), nullable=True),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.CheckConstraint("(kind = 'COMPANY' AND legal_id IS NOT NULL) OR (kind = 'GUILD' AND guild_id IS NOT NULL)", name=op.f('ck_distributor_kind_has_its_number')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_distributor')),
    sa.UniqueConstraint('guild_id', name=op.f('uq_distributor_guild_id')),
    sa.UniqueConstraint('legal_id', name=op.f('uq_distributor_legal_id'))
    )
    op.create_table('document_type',
    sa.Column('code', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('short_name', sa.String(length=20), nullable=False),
    sa.Column('required', sa.String(length=8), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('max_files', sa.Integer(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_document_type'))
    )
    op.create_table('field_of_study',
    sa.Column('code', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('allowed', sa.Boolean(), nullable=False),
    sa.Column('needs_note', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_field_of_study')),
    sa.UniqueConstraint('name', name=op.f('uq_field_of_study_name'))
    )
    op.create_table('inbox_update',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('messenger', sa.String(length=32), nullable=False),
    sa.Column('update_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lane', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('raw', sa.String(), nullable=False),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('note', sa.String(), nullable=True),
    sa.Column('received_at', sa.DateTime(), nullable=False),
    sa.Column('done_at', sa.DateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbox_update')),
    sa.UniqueConstraint('messenger', 'update_id', name=op.f('uq_inbox_update_messenger_update_id'))
    )
    with op.batch_alter_table('inbox_update', schema=None) as batch_op:
        batch_op.create_index('ix_inbox_update_odd', ['state'], unique=False, sqlite_where=sa.text("state IN ('SET_ASIDE', 'FAILED')"), postgresql_where=sa.text("state IN ('SET_ASIDE', 'FAILED')"))
        batch_op.create_index('ix_inbox_update_unfinished', ['state'], unique=False, sqlite_where=sa.text("state IN ('RECEIVED', 'DONE')"), postgresql_where=sa.text("state IN ('RECEIVED', 'DONE')"))

    op.create_table('staff_alert',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('raised_at', sa.DateTime(), nullable=False),
    sa.Column('told_at', sa.DateTime(), nullable=True),
    sa.Column('settled_at', sa.DateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff_alert'))
    )
    with op.batch_alter_table('staff_alert', schema=None) as batch_op:
        batch_op.create_index('uq_staff_alert_open_key', ['key'], unique=True, sqlite_where=sa.text('settled_at IS NULL'), postgresql_where=sa.text('settled_at IS NULL'))

    op.create_table('throttle',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_throttle'))
    )
    with op.batch_alter_table('throttle', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_throttle_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_throttle_key'), ['key'], unique=False)

    op.create_table('university',
    sa.Column('code', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('province', sa.String(), nullable=False),
    sa.Column('regional', sa.Boolean(), nullable=False),
    sa.Column('province_default', sa.Boolean(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_university'))
    )
    with op.batch_alter_table('university', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_university_province'), ['province'], unique=False)

    op.create_table('audit_event',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.Column('event', sa.String(length=40), nullable=False),
    sa.Column('subject', sa.String(length=32), nullable=False),
    sa.Column('subject_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('actor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('actor_role', sa.String(length=32), nullable=False),
    sa.Column('messenger', sa.String(length=32), nullable=True),
    sa.Column('from_state', sa.String(length=32), nullable=True),
    sa.Column('to_state', sa.String(length=32), nullable=True),
    sa.Column('data', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
    sa.ForeignKeyConstraint(['actor_id'], ['account.id'], name=op.f('fk_audit_event_actor_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_event'))
    )
    with op.batch_alter_table('audit_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_event_actor_id'), ['actor_id'], unique=False)
        batch_op.create_index('ix_audit_event_subject', ['subject', 'subject_id', 'id'], unique=False)

    op.create_table('branch',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('distributor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('province', sa.String(), nullable=False),
    sa.Column('city', sa.String(), nullable=False),
    sa.Column('university_code', sa.String(), nullable=True),
    sa.Column('address', sa.String(), nullable=False),
    sa.Column('is_central', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['distributor_id'], ['distributor.id'], name=op.f('fk_branch_distributor_id_distributor')),
    sa.ForeignKeyConstraint(['university_code'], ['university.code'], name=op.f('fk_branch_university_code_university')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_branch'))
    )
    with op.batch_alter_table('branch', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_branch_distributor_id'), ['distributor_id'], unique=False)
        batch_op.create_index('uq_branch_central', ['distributor_id'], unique=True, sqlite_where=sa.text('is_central'), postgresql_where=sa.text('is_central'))
        batch_op.create_index('uq_branch_name', ['distributor_id', 'name'], unique=True)

    op.create_table('closed_pair',
    sa.Column('level_code', sa.String(length=32), nullable=False),
    sa.Column('field_code', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['field_code'], ['field_of_study.code'], name=op.f('fk_closed_pair_field_code_field_of_study')),
    sa.ForeignKeyConstraint(['level_code'], ['degree_level.code'], name=op.f('fk_closed_pair_level_code_degree_level')),
    sa.PrimaryKeyConstraint('level_code', 'field_code', name=op.f('pk_closed_pair'))
    )
    op.create_table('coverage',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('province', sa.String(), nullable=False),
    sa.Column('city', sa.String(), nullable=True),
    sa.Column('district', sa.Integer(), nullable=True),
    sa.Column('university_code', sa.String(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['university_code'], ['university.code'], name=op.f('fk_coverage_university_code_university')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_coverage')),
    sa.UniqueConstraint('province', 'city', 'district', name=op.f('uq_coverage_province_city_district'))
    )
    with op.batch_alter_table('coverage', schema=None) as batch_op:
        batch_op.create_index('uq_coverage_city', ['province', 'city'], unique=True, sqlite_where=sa.text('district IS NULL'), postgresql_where=sa.text('district IS NULL'))

    op.create_table('draft',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('guest_chat_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('dialogue', sa.String(length=40), nullable=False),
    sa.Column('dialogue_version', sa.Integer(), nullable=False),
    sa.Column('subject_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('answers', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('updated_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_draft_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_draft')),
    sa.UniqueConstraint('account_id', 'dialogue', 'subject_id', name=op.f('uq_draft_account_id_dialogue_subject_id')),
    sa.UniqueConstraint('guest_chat_id', 'dialogue', name=op.f('uq_draft_guest_chat_id_dialogue'))
    )
    op.create_table('letter',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.String(length=40), nullable=True),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('audience', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('created_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('recipients', sa.Integer(), nullable=False),
    sa.Column('delivered', sa.Integer(), nullable=False),
    sa.Column('reached', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('finished_at', sa.DateTime(), nullable=True),
    sa.CheckConstraint("(state = 'SENDING') = (finished_at IS NULL)", name=op.f('ck_letter_finished_has_its_time')),
    sa.ForeignKeyConstraint(['created_by'], ['account.id'], name=op.f('fk_letter_created_by_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_letter'))
    )
    with op.batch_alter_table('letter', schema=None) as batch_op:
        batch_op.create_index('ix_letter_sending', ['state'], unique=False, sqlite_where=sa.text("state = 'SENDING'"), postgresql_where=sa.text("state = 'SENDING'"))

    op.create_table('officer',
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('birth_date', sa.Date(), nullable=False),
    sa.Column('level_code', sa.String(), nullable=True),
    sa.Column('field_code', sa.String(), nullable=True),
    sa.Column('field_note', sa.String(), nullable=True),
    sa.Column('father_name', sa.String(), nullable=True),
    sa.Column('gender', sa.String(length=8), nullable=True),
    sa.Column('birth_cert_no', sa.String(length=10), nullable=True),
    sa.Column('province', sa.String(), nullable=True),
    sa.Column('city', sa.String(), nullable=True),
    sa.Column('university_code', sa.String(), nullable=True),
    sa.Column('postal_address', sa.String(), nullable=True),
    sa.Column('phone', sa.String(), nullable=True),
    sa.Column('email', sa.String(), nullable=True),
    sa.Column('documents', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
    sa.Column('legacy_qualified', sa.Boolean(), nullable=False),
    sa.Column('qualified_at', sa.DateTime(), nullable=True),
    sa.Column('card_token', sa.String(length=32), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_officer_account_id_account')),
    sa.ForeignKeyConstraint(['field_code'], ['field_of_study.code'], name=op.f('fk_officer_field_code_field_of_study')),
    sa.ForeignKeyConstraint(['level_code'], ['degree_level.code'], name=op.f('fk_officer_level_code_degree_level')),
    sa.ForeignKeyConstraint(['university_code'], ['university.code'], name=op.f('fk_officer_university_code_university')),
    sa.PrimaryKeyConstraint('account_id', name=op.f('pk_officer')),
    sa.UniqueConstraint('card_token', name=op.f('uq_officer_card_token'))
    )
    op.create_table('qualification_request',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('tracking_code', sa.String(length=12), nullable=True),
    sa.Column('university_code', sa.String(), nullable=True),
    sa.Column('reviewer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('snapshot', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
    sa.Column('before', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('officer_note', sa.String(), nullable=True),
    sa.Column('reject_reason', sa.String(length=32), nullable=True),
    sa.Column('reject_text', sa.String(), nullable=True),
    sa.Column('fee_rial', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('pay_token', sa.String(length=64), nullable=True),
    sa.Column('submitted_at', sa.DateTime(), nullable=True),
    sa.Column('decided_at', sa.DateTime(), nullable=True),
    sa.Column('closed_at', sa.DateTime(), nullable=True),
    sa.Column('reminders', sa.Integer(), nullable=False),
    sa.Column('state_since', sa.DateTime(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.CheckConstraint("state <> 'IN_REVIEW' OR reviewer_id IS NOT NULL", name=op.f('ck_qualification_request_review_has_reviewer')),
    sa.CheckConstraint("state <> 'REJECTED' OR (reject_reason IS NOT NULL AND coalesce(length(reject_text), 0) >= 5)", name=op.f('ck_qualification_request_rejection_has_reason')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_qualification_request_account_id_account')),
    sa.ForeignKeyConstraint(['reviewer_id'], ['account.id'], name=op.f('fk_qualification_request_reviewer_id_account')),
    sa.ForeignKeyConstraint(['university_code'], ['university.code'], name=op.f('fk_qualification_request_university_code_university')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_qualification_request')),
    sa.UniqueConstraint('pay_token', name=op.f('uq_qualification_request_pay_token')),
    sa.UniqueConstraint('tracking_code', name=op.f('uq_qualification_request_tracking_code')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('qualification_request', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_qualification_request_account_id'), ['account_id'], unique=False)
        batch_op.create_index('ix_qualification_request_queue', ['university_code', 'state', 'submitted_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_qualification_request_reviewer_id'), ['reviewer_id'], unique=False)
        batch_op.create_index('uq_qualification_request_open', ['account_id'], unique=True, sqlite_where=sa.text("state IN ('DRAFT','SUBMITTED','IN_REVIEW','DEFICIENT','AWAITING_PAYMENT')"), postgresql_where=sa.text("state IN ('DRAFT','SUBMITTED','IN_REVIEW','DEFICIENT','AWAITING_PAYMENT')"))

    op.create_table('role_grant',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('role', sa.String(length=32), nullable=False),
    sa.Column('university_code', sa.String(), nullable=True),
    sa.Column('distributor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('told_waiting_at', sa.DateTime(), nullable=True),
    sa.Column('digest_on', sa.Date(), nullable=True),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.CheckConstraint("(role = 'distributor') = (distributor_id IS NOT NULL)", name=op.f('ck_role_grant_manager_has_distributor')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_role_grant_account_id_account')),
    sa.ForeignKeyConstraint(['distributor_id'], ['distributor.id'], name=op.f('fk_role_grant_distributor_id_distributor')),
    sa.ForeignKeyConstraint(['university_code'], ['university.code'], name=op.f('fk_role_grant_university_code_university')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_role_grant')),
    sa.UniqueConstraint('account_id', 'role', 'university_code', name=op.f('uq_role_grant_account_id_role_university_code'))
    )
    with op.batch_alter_table('role_grant', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_role_grant_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_role_grant_distributor_id'), ['distributor_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_role_grant_university_code'), ['university_code'], unique=False)
        batch_op.create_index('uq_role_grant_distributor', ['account_id', 'distributor_id'], unique=True, sqlite_where=sa.text('distributor_id IS NOT NULL'), postgresql_where=sa.text('distributor_id IS NOT NULL'))
        batch_op.create_index('uq_role_grant_one_distributor', ['account_id'], unique=True, sqlite_where=sa.text('distributor_id IS NOT NULL AND active'), postgresql_where=sa.text('distributor_id IS NOT NULL AND active'))
        batch_op.create_index('uq_role_grant_plain', ['account_id', 'role'], unique=True, sqlite_where=sa.text('university_code IS NULL AND distributor_id IS NULL'), postgresql_where=sa.text('university_code IS NULL AND distributor_id IS NULL'))

    op.create_table('stored_file',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('media_type', sa.String(length=32), nullable=False),
    sa.Column('size', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('original_name', sa.String(length=255), nullable=True),
    sa.Column('original_key', sa.String(length=80), nullable=False),
    sa.Column('shown_key', sa.String(length=80), nullable=False),
    sa.Column('pages', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('removed_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_stored_file_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stored_file'))
    )
    with op.batch_alter_table('stored_file', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_stored_file_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_stored_file_original_key'), ['original_key'], unique=False)
        batch_op.create_index(batch_op.f('ix_stored_file_sha256'), ['sha256'], unique=False)
        batch_op.create_index(batch_op.f('ix_stored_file_shown_key'), ['shown_key'], unique=False)

    op.create_table('tariff',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('amount_rial', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('created_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.CheckConstraint('amount_rial >= 0', name=op.f('ck_tariff_amount_not_negative')),
    sa.ForeignKeyConstraint(['created_by'], ['account.id'], name=op.f('fk_tariff_created_by_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tariff'))
    )
    with op.batch_alter_table('tariff', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_tariff_created_by'), ['created_by'], unique=False)
        batch_op.create_index('ix_tariff_kind_valid_from', ['kind', 'valid_from'], unique=False)

    op.create_table('chat',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('messenger', sa.String(length=32), nullable=False),
    sa.Column('chat_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('role', sa.String(length=32), nullable=True),
    sa.Column('dead', sa.Boolean(), nullable=False),
    sa.Column('view', sa.String(), nullable=True),
    sa.Column('dialogue', sa.String(), nullable=True),
    sa.Column('draft_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('place', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
    sa.Column('keyboard', sa.Boolean(), nullable=False),
    sa.Column('show_at', sa.DateTime(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('linked_at', sa.DateTime(), nullable=True),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_chat_account_id_account')),
    sa.ForeignKeyConstraint(['draft_id'], ['draft.id'], name=op.f('fk_chat_draft_id_draft')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_chat')),
    sa.UniqueConstraint('messenger', 'chat_id', name=op.f('uq_chat_messenger_chat_id'))
    )
    with op.batch_alter_table('chat', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_chat_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_chat_draft_id'), ['draft_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_chat_show_at'), ['show_at'], unique=False)

    op.create_table('cooperation_request',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('branch_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('distributor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('requested_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('tracking_code', sa.String(length=12), nullable=False),
    sa.Column('university_code', sa.String(), nullable=True),
    sa.Column('reviewer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('officer_reason', sa.String(), nullable=True),
    sa.Column('reject_text', sa.String(), nullable=True),
    sa.Column('accepted_at', sa.DateTime(), nullable=True),
    sa.Column('closed_at', sa.DateTime(), nullable=True),
    sa.Column('reminders', sa.Integer(), nullable=False),
    sa.Column('state_since', sa.DateTime(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.CheckConstraint("state <> 'PENDING_UNIVERSITY' OR university_code IS NOT NULL", name=op.f('ck_cooperation_request_review_has_university')),
    sa.CheckConstraint("state <> 'REJECTED_BY_UNIVERSITY' OR coalesce(length(reject_text), 0) >= 5", name=op.f('ck_cooperation_request_rejection_has_reason')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_cooperation_request_account_id_account')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_cooperation_request_branch_id_branch')),
    sa.ForeignKeyConstraint(['distributor_id'], ['distributor.id'], name=op.f('fk_cooperation_request_distributor_id_distributor')),
    sa.ForeignKeyConstraint(['requested_by'], ['account.id'], name=op.f('fk_cooperation_request_requested_by_account')),
    sa.ForeignKeyConstraint(['reviewer_id'], ['account.id'], name=op.f('fk_cooperation_request_reviewer_id_account')),
    sa.ForeignKeyConstraint(['university_code'], ['university.code'], name=op.f('fk_cooperation_request_university_code_university')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cooperation_request')),
    sa.UniqueConstraint('tracking_code', name=op.f('uq_cooperation_request_tracking_code'))
    )
    with op.batch_alter_table('cooperation_request', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_cooperation_request_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_cooperation_request_branch_id'), ['branch_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_cooperation_request_distributor_id'), ['distributor_id'], unique=False)
        batch_op.create_index('ix_cooperation_request_queue', ['university_code', 'state', 'accepted_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_cooperation_request_reviewer_id'), ['reviewer_id'], unique=False)
        batch_op.create_index('uq_cooperation_request_open_branch', ['branch_id'], unique=True, sqlite_where=sa.text("state IN ('PENDING_OFFICER', 'PENDING_UNIVERSITY')"), postgresql_where=sa.text("state IN ('PENDING_OFFICER', 'PENDING_UNIVERSITY')"))
        batch_op.create_index('uq_cooperation_request_reserved', ['account_id'], unique=True, sqlite_where=sa.text("state = 'PENDING_UNIVERSITY'"), postgresql_where=sa.text("state = 'PENDING_UNIVERSITY'"))

    op.create_table('deficiency_round',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('request_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('declared_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('items', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
    sa.Column('note', sa.String(), nullable=True),
    sa.Column('snapshot', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
    sa.Column('replies', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
    sa.Column('declared_at', sa.DateTime(), nullable=False),
    sa.Column('resolved_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['declared_by'], ['account.id'], name=op.f('fk_deficiency_round_declared_by_account')),
    sa.ForeignKeyConstraint(['request_id'], ['qualification_request.id'], name=op.f('fk_deficiency_round_request_id_qualification_request')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deficiency_round')),
    sa.UniqueConstraint('request_id', 'round', name=op.f('uq_deficiency_round_request_id_round'))
    )
    with op.batch_alter_table('deficiency_round', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_deficiency_round_request_id'), ['request_id'], unique=False)

    op.create_table('file_handle',
    sa.Column('file_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('messenger', sa.String(length=32), nullable=False),
    sa.Column('handle', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['file_id'], ['stored_file.id'], name=op.f('fk_file_handle_file_id_stored_file')),
    sa.PrimaryKeyConstraint('file_id', 'messenger', name=op.f('pk_file_handle'))
    )
    op.create_table('letter_file',
    sa.Column('letter_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('file_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['file_id'], ['stored_file.id'], name=op.f('fk_letter_file_file_id_stored_file')),
    sa.ForeignKeyConstraint(['letter_id'], ['letter.id'], name=op.f('fk_letter_file_letter_id_letter')),
    sa.PrimaryKeyConstraint('letter_id', 'file_id', name=op.f('pk_letter_file'))
    )
    with op.batch_alter_table('letter_file', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_letter_file_file_id'), ['file_id'], unique=False)

    op.create_table('letter_recipient',
    sa.Column('letter_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('delivered_at', sa.DateTime(), nullable=True),
    sa.Column('read_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_letter_recipient_account_id_account')),
    sa.ForeignKeyConstraint(['letter_id'], ['letter.id'], name=op.f('fk_letter_recipient_letter_id_letter')),
    sa.PrimaryKeyConstraint('letter_id', 'account_id', name=op.f('pk_letter_recipient'))
    )
    with op.batch_alter_table('letter_recipient', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_letter_recipient_account_id'), ['account_id'], unique=False)
        batch_op.create_index('ix_letter_recipient_read', ['letter_id'], unique=False, sqlite_where=sa.text('read_at IS NOT NULL'), postgresql_where=sa.text('read_at IS NOT NULL'))
        batch_op.create_index('ix_letter_recipient_unread', ['account_id'], unique=False, sqlite_where=sa.text('delivered_at IS NOT NULL AND read_at IS NULL'), postgresql_where=sa.text('delivered_at IS NOT NULL AND read_at IS NULL'))

    op.create_table('payment_attempt',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('request_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('gateway', sa.String(length=16), nullable=False),
    sa.Column('ref', sa.String(length=64), nullable=True),
    sa.Column('amount_rial', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('state_since', sa.DateTime(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('bank_ref', sa.String(), nullable=True),
    sa.Column('card_masked', sa.String(), nullable=True),
    sa.Column('answer', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
    sa.Column('checks', sa.Integer(), nullable=False),
    sa.Column('next_check_at', sa.DateTime(), nullable=True),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('paid_at', sa.DateTime(), nullable=True),
    sa.Column('refund_ref', sa.String(), nullable=True),
    sa.Column('refunded_at', sa.DateTime(), nullable=True),
    sa.Column('refunded_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.CheckConstraint("state <> 'REFUNDED' OR refund_ref IS NOT NULL", name=op.f('ck_payment_attempt_refund_has_reference')),
    sa.CheckConstraint('amount_rial > 0', name=op.f('ck_payment_attempt_amount_positive')),
    sa.ForeignKeyConstraint(['refunded_by'], ['account.id'], name=op.f('fk_payment_attempt_refunded_by_account')),
    sa.ForeignKeyConstraint(['request_id'], ['qualification_request.id'], name=op.f('fk_payment_attempt_request_id_qualification_request')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment_attempt')),
    sa.UniqueConstraint('gateway', 'ref', name=op.f('uq_payment_attempt_gateway_ref'))
    )
    with op.batch_alter_table('payment_attempt', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_payment_attempt_next_check_at'), ['next_check_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_payment_attempt_request_id'), ['request_id'], unique=False)
        batch_op.create_index('uq_payment_attempt_paid', ['request_id'], unique=True, sqlite_where=sa.text("state = 'PAID'"), postgresql_where=sa.text("state = 'PAID'"))

    op.create_table('request_file',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('request_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('file_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('document_code', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['file_id'], ['stored_file.id'], name=op.f('fk_request_file_file_id_stored_file')),
    sa.ForeignKeyConstraint(['request_id'], ['qualification_request.id'], name=op.f('fk_request_file_request_id_qualification_request')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_request_file')),
    sa.UniqueConstraint('request_id', 'file_id', 'round', name=op.f('uq_request_file_request_id_file_id_round'))
    )
    with op.batch_alter_table('request_file', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_request_file_file_id'), ['file_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_request_file_request_id'), ['request_id'], unique=False)

    op.create_table('contract',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('distributor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('branch_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('migrated', sa.Boolean(), nullable=False),
    sa.Column('cooperation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.DateTime(), nullable=False),
    sa.Column('ended_at', sa.DateTime(), nullable=True),
    sa.CheckConstraint("(state = 'ACTIVE') = (ended_at IS NULL)", name=op.f('ck_contract_ended_has_its_time')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_contract_account_id_account')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_contract_branch_id_branch')),
    sa.ForeignKeyConstraint(['cooperation_id'], ['cooperation_request.id'], name=op.f('fk_contract_cooperation_id_cooperation_request')),
    sa.ForeignKeyConstraint(['distributor_id'], ['distributor.id'], name=op.f('fk_contract_distributor_id_distributor')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contract'))
    )
    with op.batch_alter_table('contract', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_contract_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_contract_branch_id'), ['branch_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_contract_cooperation_id'), ['cooperation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_contract_distributor_id'), ['distributor_id'], unique=False)
        batch_op.create_index('uq_contract_active_branch', ['branch_id'], unique=True, sqlite_where=sa.text("state = 'ACTIVE' AND NOT migrated"), postgresql_where=sa.text("state = 'ACTIVE' AND NOT migrated"))
        batch_op.create_index('uq_contract_active_officer', ['account_id'], unique=True, sqlite_where=sa.text("state = 'ACTIVE'"), postgresql_where=sa.text("state = 'ACTIVE'"))

    op.create_table('push',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('key', sa.String(length=160), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('channel', sa.String(length=32), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('chat_row_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('letter_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('mobile', sa.String(), nullable=True),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('buttons', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
    sa.Column('sms', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_at', sa.DateTime(), nullable=False),
    sa.Column('leased_until', sa.DateTime(), nullable=True),
    sa.Column('note', sa.String(), nullable=True),
    sa.Column('cause', sa.String(length=40), nullable=True),
    sa.Column('provider_id', sa.String(), nullable=True),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('sent_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_push_account_id_account')),
    sa.ForeignKeyConstraint(['chat_row_id'], ['chat.id'], name=op.f('fk_push_chat_row_id_chat')),
    sa.ForeignKeyConstraint(['letter_id'], ['letter.id'], name=op.f('fk_push_letter_id_letter')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_push')),
    sa.UniqueConstraint('key', name=op.f('uq_push_key'))
    )
    with op.batch_alter_table('push', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_push_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_push_chat_row_id'), ['chat_row_id'], unique=False)
        batch_op.create_index('ix_push_due', ['state', 'next_at'], unique=False, sqlite_where=sa.text("state IN ('QUEUED', 'SENDING')"), postgresql_where=sa.text("state IN ('QUEUED', 'SENDING')"))
        batch_op.create_index('ix_push_given_up', ['id'], unique=False, sqlite_where=sa.text("state = 'GIVEN_UP'"), postgresql_where=sa.text("state = 'GIVEN_UP'"))
        batch_op.create_index('ix_push_letter', ['letter_id', 'state', 'account_id'], unique=False, sqlite_where=sa.text('letter_id IS NOT NULL'), postgresql_where=sa.text('letter_id IS NOT NULL'))

    op.create_table('termination',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('contract_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('closed_at', sa.DateTime(), nullable=True),
    sa.CheckConstraint('length(reason) >= 10', name=op.f('ck_termination_reason_long_enough')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_termination_account_id_account')),
    sa.ForeignKeyConstraint(['contract_id'], ['contract.id'], name=op.f('fk_termination_contract_id_contract')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_termination'))
    )
    with op.batch_alter_table('termination', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_termination_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_termination_contract_id'), ['contract_id'], unique=False)
        batch_op.create_index('uq_termination_draft', ['contract_id'], unique=True, sqlite_where=sa.text("state = 'DRAFT'"), postgresql_where=sa.text("state = 'DRAFT'"))

    for statement in AUDIT_GUARD[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    with op.batch_alter_table('termination', schema=None) as batch_op:
        batch_op.drop_index('uq_termination_draft', sqlite_where=sa.text("state = 'DRAFT'"), postgresql_where=sa.text("state = 'DRAFT'"))
        batch_op.drop_index(batch_op.f('ix_termination_contract_id'))
        batch_op.drop_index(batch_op.f('ix_termination_account_id'))

    op.drop_table('termination')
    with op.batch_alter_table('push', schema=None) as batch_op:
        batch_op.drop_index('ix_push_letter', sqlite_where=sa.text('letter_id IS NOT NULL'), postgresql_where=sa.text('letter_id IS NOT NULL'))
        batch_op.drop_index('ix_push_given_up', sqlite_where=sa.text("state = 'GIVEN_UP'"), postgresql_where=sa.text("state = 'GIVEN_UP'"))
        batch_op.drop_index('ix_push_due', sqlite_where=sa.text("state IN ('QUEUED', 'SENDING')"), postgresql_where=sa.text("state IN ('QUEUED', 'SENDING')"))
        batch_op.drop_index(batch_op.f('ix_push_chat_row_id'))
        batch_op.drop_index(batch_op.f('ix_push_account_id'))

    op.drop_table('push')
    with op.batch_alter_table('contract', schema=None) as batch_op:
        batch_op.drop_index('uq_contract_active_officer', sqlite_where=sa.text("state = 'ACTIVE'"), postgresql_where=sa.text("state = 'ACTIVE'"))
        batch_op.drop_index('uq_contract_active_branch', sqlite_where=sa.text("state = 'ACTIVE' AND NOT migrated"), postgresql_where=sa.text("state = 'ACTIVE' AND NOT migrated"))
        batch_op.drop_index(batch_op.f('ix_contract_distributor_id'))
        batch_op.drop_index(batch_op.f('ix_contract_cooperation_id'))
        batch_op.drop_index(batch_op.f('ix_contract_branch_id'))
        batch_op.drop_index(batch_op.f('ix_contract_account_id'))

    op.drop_table('contract')
    with op.batch_alter_table('request_file', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_request_file_request_id'))
        batch_op.drop_index(batch_op.f('ix_request_file_file_id'))

    op.drop_table('request_file')
    with op.batch_alter_table('payment_attempt', schema=None) as batch_op:
        batch_op.drop_index('uq_payment_attempt_paid', sqlite_where=sa.text("state = 'PAID'"), postgresql_where=sa.text("state = 'PAID'"))
        batch_op.drop_index(batch_op.f('ix_payment_attempt_request_id'))
        batch_op.drop_index(batch_op.f('ix_payment_attempt_next_check_at'))

    op.drop_table('payment_attempt')
    with op.batch_alter_table('letter_recipient', schema=None) as batch_op:
        batch_op.drop_index('ix_letter_recipient_unread', sqlite_where=sa.text('delivered_at IS NOT NULL AND read_at IS NULL'), postgresql_where=sa.text('delivered_at IS NOT NULL AND read_at IS NULL'))
        batch_op.drop_index('ix_letter_recipient_read', sqlite_where=sa.text('read_at IS NOT NULL'), postgresql_where=sa.text('read_at IS NOT NULL'))
        batch_op.drop_index(batch_op.f('ix_letter_recipient_account_id'))

    op.drop_table('letter_recipient')
    with op.batch_alter_table('letter_file', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_letter_file_file_id'))

    op.drop_table('letter_file')
    op.drop_table('file_handle')
    with op.batch_alter_table('deficiency_round', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_deficiency_round_request_id'))

    op.drop_table('deficiency_round')
    with op.batch_alter_table('cooperation_request', schema=None) as batch_op:
        batch_op.drop_index('uq_cooperation_request_reserved', sqlite_where=sa.text("state = 'PENDING_UNIVERSITY'"), postgresql_where=sa.text("state = 'PENDING_UNIVERSITY'"))
        batch_op.drop_index('uq_cooperation_request_open_branch', sqlite_where=sa.text("state IN ('PENDING_OFFICER', 'PENDING_UNIVERSITY')"), postgresql_where=sa.text("state IN ('PENDING_OFFICER', 'PENDING_UNIVERSITY')"))
        batch_op.drop_index(batch_op.f('ix_cooperation_request_reviewer_id'))
        batch_op.drop_index('ix_cooperation_request_queue')
        batch_op.drop_index(batch_op.f('ix_cooperation_request_distributor_id'))
        batch_op.drop_index(batch_op.f('ix_cooperation_request_branch_id'))
        batch_op.drop_index(batch_op.f('ix_cooperation_request_account_id'))

    op.drop_table('cooperation_request')
    with op.batch_alter_table('chat', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_chat_show_at'))
        batch_op.drop_index(batch_op.f('ix_chat_draft_id'))
        batch_op.drop_index(batch_op.f('ix_chat_account_id'))

    op.drop_table('chat')
    with op.batch_alter_table('tariff', schema=None) as batch_op:
        batch_op.drop_index('ix_tariff_kind_valid_from')
        batch_op.drop_index(batch_op.f('ix_tariff_created_by'))

    op.drop_table('tariff')
    with op.batch_alter_table('stored_file', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_stored_file_shown_key'))
        batch_op.drop_index(batch_op.f('ix_stored_file_sha256'))
        batch_op.drop_index(batch_op.f('ix_stored_file_original_key'))
        batch_op.drop_index(batch_op.f('ix_stored_file_account_id'))

    op.drop_table('stored_file')
    with op.batch_alter_table('role_grant', schema=None) as batch_op:
        batch_op.drop_index('uq_role_grant_plain', sqlite_where=sa.text('university_code IS NULL AND distributor_id IS NULL'), postgresql_where=sa.text('university_code IS NULL AND distributor_id IS NULL'))
        batch_op.drop_index('uq_role_grant_one_distributor', sqlite_where=sa.text('distributor_id IS NOT NULL AND active'), postgresql_where=sa.text('distributor_id IS NOT NULL AND active'))
        batch_op.drop_index('uq_role_grant_distributor', sqlite_where=sa.text('distributor_id IS NOT NULL'), postgresql_where=sa.text('distributor_id IS NOT NULL'))
        batch_op.drop_index(batch_op.f('ix_role_grant_university_code'))
        batch_op.drop_index(batch_op.f('ix_role_grant_distributor_id'))
        batch_op.drop_index(batch_op.f('ix_role_grant_account_id'))

    op.drop_table('role_grant')
    with op.batch_alter_table('qualification_request', schema=None) as batch_op:
        batch_op.drop_index('uq_qualification_request_open', sqlite_where=sa.text("state IN ('DRAFT','SUBMITTED','IN_REVIEW','DEFICIENT','AWAITING_PAYMENT')"), postgresql_where=sa.text("state IN ('DRAFT','SUBMITTED','IN_REVIEW','DEFICIENT','AWAITING_PAYMENT')"))
        batch_op.drop_index(batch_op.f('ix_qualification_request_reviewer_id'))
        batch_op.drop_index('ix_qualification_request_queue')
        batch_op.drop_index(batch_op.f('ix_qualification_request_account_id'))

    op.drop_table('qualification_request')
    op.drop_table('officer')
    with op.batch_alter_table('letter', schema=None) as batch_op:
        batch_op.drop_index('ix_letter_sending', sqlite_where=sa.text("state = 'SENDING'"), postgresql_where=sa.text("state = 'SENDING'"))

    op.drop_table('letter')
    op.drop_table('draft')
    with op.batch_alter_table('coverage', schema=None) as batch_op:
        batch_op.drop_index('uq_coverage_city', sqlite_where=sa.text('district IS NULL'), postgresql_where=sa.text('district IS NULL'))

    op.drop_table('coverage')
    op.drop_table('closed_pair')
    with op.batch_alter_table('branch', schema=None) as batch_op:
        batch_op.drop_index('uq_branch_name')
        batch_op.drop_index('uq_branch_central', sqlite_where=sa.text('is_central'), postgresql_where=sa.text('is_central'))
        batch_op.drop_index(batch_op.f('ix_branch_distributor_id'))

    op.drop_table('branch')
    with op.batch_alter_table('audit_event', schema=None) as batch_op:
        batch_op.drop_index('ix_audit_event_subject')
        batch_op.drop_index(batch_op.f('ix_audit_event_actor_id'))

    op.drop_table('audit_event')
    with op.batch_alter_table('university', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_university_province'))

    op.drop_table('university')
    with op.batch_alter_table('throttle', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_throttle_key'))
        batch_op.drop_index(batch_op.f('ix_throttle_at'))

    op.drop_table('throttle')
    with op.batch_alter_table('staff_alert', schema=None) as batch_op:
        batch_op.drop_index('uq_staff_alert_open_key', sqlite_where=sa.text('settled_at IS NULL'), postgresql_where=sa.text('settled_at IS NULL'))

    op.drop_table('staff_alert')
    with op.batch_alter_table('inbox_update', schema=None) as batch_op:
        batch_op.drop_index('ix_inbox_update_unfinished', sqlite_where=sa.text("state IN ('RECEIVED', 'DONE')"), postgresql_where=sa.text("state IN ('RECEIVED', 'DONE')"))
        batch_op.drop_index('ix_inbox_update_odd', sqlite_where=sa.text("state IN ('SET_ASIDE', 'FAILED')"), postgresql_where=sa.text("state IN ('SET_ASIDE', 'FAILED')"))

    op.drop_table('inbox_update')
    op.drop_table('field_of_study')
    op.drop_table('document_type')
    op.drop_table('distributor')
    op.drop_table('degree_level')
    op.drop_table('daily_sequence')
    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.drop_index('uq_account_living_national_code', sqlite_where=sa.text("state <> 'ANNULLED'"), postgresql_where=sa.text("state <> 'ANNULLED'"))
        batch_op.drop_index(batch_op.f('ix_account_mobile'))

    op.drop_table('account')
