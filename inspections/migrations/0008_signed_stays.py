from django.db import migrations

# What a client signed must be found again as it was signed.
STAYS = """
CREATE FUNCTION inspections_agreement_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.version, NEW.title, NEW.body) IS DISTINCT FROM (OLD.version, OLD.title, OLD.body) THEN
        RAISE EXCEPTION 'a published version of the agreement never changes' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER agreement_stays BEFORE UPDATE ON inspections_agreement
    FOR EACH ROW EXECUTE FUNCTION inspections_agreement_stays();
CREATE FUNCTION inspections_signature_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.participant_id, NEW.agreement_id, NEW.facts, NEW.text, NEW.sha256, NEW.typed_name, NEW.signed_at,
        NEW.ip, NEW.agent, NEW.nonce)
        IS DISTINCT FROM
       (OLD.participant_id, OLD.agreement_id, OLD.facts, OLD.text, OLD.sha256, OLD.typed_name, OLD.signed_at,
        OLD.ip, OLD.agent, OLD.nonce)
        OR (OLD.ended_at IS NOT NULL AND NEW.ended_at IS DISTINCT FROM OLD.ended_at)
    THEN
        RAISE EXCEPTION 'what was signed never changes' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER signature_stays BEFORE UPDATE ON inspections_signature
    FOR EACH ROW EXECUTE FUNCTION inspections_signature_stays();
"""
MAY_CHANGE = """
DROP TRIGGER signature_stays ON inspections_signature;
DROP FUNCTION inspections_signature_stays();
DROP TRIGGER agreement_stays ON inspections_agreement;
DROP FUNCTION inspections_agreement_stays();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('inspections', '0007_erased_contacts'),
    ]

    operations = [
        migrations.RunSQL(STAYS, MAY_CHANGE),
    ]
