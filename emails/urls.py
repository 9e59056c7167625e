"""Addresses of the pages about emails. Each noun has its own block."""

from django.urls import path

from emails import (
    views_activity,
    views_batch,
    views_blocked,
    views_confirm,
    views_exports,
    views_health,
    views_inspections,
    views_message,
    views_optouts,
    views_people,
    views_practice,
    views_practice_json,
    views_problem,
    views_reasons,
    views_settings,
    views_templates,
    views_today,
    views_versions,
    views_why,
    views_words,
)

urlpatterns = [
    # Today
    path("", views_today.today, name="today"),
    path("today/list/", views_today.today_list, name="today-list"),
    path("today/settled/", views_today.settled, name="settled"),
    path("today/<str:category>/<str:domain>/", views_today.cause, name="cause"),
    path("today/<str:category>/<str:domain>/retry/", views_today.retry, name="cause-retry"),
    # Problems
    path("problems/<int:problem_id>/resend/", views_problem.resend, name="resend-problem"),
    path("problems/<int:problem_id>/snooze/", views_problem.snooze, name="snooze"),
    path("problems/<int:problem_id>/unsnooze/", views_problem.unsnooze, name="unsnooze"),
    path("problems/<int:problem_id>/handle/", views_problem.handle, name="handle"),
    path("problems/<int:problem_id>/assign/", views_problem.assign, name="assign"),
    path("problems/<int:problem_id>/reopen/", views_problem.reopen, name="reopen"),
    # Messages
    path("messages/<int:message_id>/", views_message.message, name="message"),
    path("messages/<int:message_id>/part/", views_message.message_part, name="message-part"),
    path("messages/<int:message_id>/email/", views_message.email, name="message-email"),
    path("messages/<int:message_id>/resend/", views_message.resend, name="resend"),
    path("messages/<int:message_id>/undo/", views_message.undo, name="undo"),
    path("messages/<int:message_id>/send-now/", views_message.send_now, name="send-now"),
    path("messages/<int:message_id>/settle/", views_message.settle, name="settle"),
    path("messages/<int:message_id>/reason/", views_reasons.correct, name="reason"),
    path("messages/<int:message_id>/reason/undo/", views_reasons.undo, name="reason-undo"),
    path("messages/<int:message_id>/waiting/", views_reasons.waiting, name="message-waiting"),
    # Inspections, as far as emails are involved
    path("inspections/", views_inspections.inspections, name="inspections"),
    path("inspections/<int:inspection_id>/log/", views_inspections.log, name="inspection-log"),
    path(
        "inspections/<int:inspection_id>/confirm/", views_confirm.decide, {"act": "confirm"}, name="inspection-confirm"
    ),
    path("inspections/<int:inspection_id>/cancel/", views_confirm.decide, {"act": "cancel"}, name="inspection-cancel"),
    path("inspections/<int:inspection_id>/move/", views_confirm.decide, {"act": "move"}, name="inspection-move"),
    path(
        "inspections/<int:inspection_id>/publish/", views_confirm.decide, {"act": "publish"}, name="inspection-publish"
    ),
    # People
    path("people/<int:participant_id>/edit/", views_people.edit, name="person_edit"),
    path("people/<int:participant_id>/fix/", views_people.fix, name="person_fix"),
    path("people/<int:participant_id>/use/", views_people.use, name="person_use"),
    path("people/<int:participant_id>/keep/", views_people.keep, name="person_keep"),
    path("people/<int:participant_id>/why/", views_why.why, name="person_why"),
    path("people/<int:participant_id>/resend/<slug:kind>/", views_people.resend, name="person_resend"),
    # Email activity
    path("emails/", views_activity.activity, name="activity"),
    path("emails/list/", views_activity.activity_list, name="activity-list"),
    path("emails/resend/", views_batch.resend, name="batch-resend"),
    path("emails/handle/", views_batch.handle, name="batch-handle"),
    path("emails/export/", views_exports.export, name="export"),
    path("emails/exports/<uuid:export_uuid>/", views_exports.page, name="export-page"),
    path("emails/exports/<uuid:export_uuid>/file/", views_exports.file, name="export-file"),
    path("emails/exports/<uuid:export_uuid>/cancel/", views_exports.cancel, name="export-cancel"),
    # Blocked addresses
    path("blocked/", views_blocked.blocked, name="blocked"),
    path("blocked/add/", views_blocked.add, name="blocked-add"),
    path("blocked/allow/", views_blocked.allow_many, name="blocked-allow-many"),
    path("blocked/import/", views_blocked.import_, name="blocked-import"),
    path("blocked.csv", views_blocked.export, name="blocked-export"),
    path("blocked/<int:hold_id>/allow/", views_blocked.allow, name="blocked-allow"),
    path("blocked/<int:hold_id>/there/", views_blocked.there, name="blocked-there"),
    # Templates
    path("templates/", views_templates.listing, name="templates"),
    path("templates/new/", views_templates.new, name="template-new"),
    path("templates/preview/<slug:name>/", views_templates.frame, name="template-frame"),
    path("templates/<int:template_id>/", views_templates.template, name="template"),
    path("templates/<int:template_id>/preview/", views_templates.live, name="template-preview"),
    path("templates/<int:template_id>/publish/", views_versions.publish, name="template-publish"),
    path("templates/<int:template_id>/versions/<int:number>/", views_versions.version, name="template-version"),
    path("templates/<int:template_id>/versions/<int:number>/restore/", views_versions.restore, name="template-restore"),
    path("templates/<int:template_id>/resend/", views_versions.resend, name="template-resend"),
    path("templates/<int:template_id>/resend/<int:message_id>/", views_versions.look, name="template-look"),
    # No more marketing: public, by a signed link
    path("p/stop/<str:token>/", views_optouts.stop, name="unsubscribe"),
    # Sending health
    path("health/", views_health.health, name="health"),
    path("health/resume/", views_health.resume, name="health-resume"),
    path("health/posts/<int:post_id>/", views_health.post, name="health-post"),
    path("health/posts/<int:post_id>/replay/", views_health.replay, name="health-replay"),
    # Settings
    path("settings/", views_settings.settings, name="settings"),
    path("settings/profile/", views_settings.profile, name="settings-profile"),
    path("settings/keys/", views_settings.api_keys, name="settings-keys"),
    path("settings/keys/<int:key_id>/revoke/", views_settings.revoke_key, name="settings-revoke-key"),
    path("settings/wrong-reasons/", views_reasons.listing, name="wrong-reasons"),
    path("settings/wrong-reasons.jsonl", views_reasons.as_jsonl, name="wrong-reasons-jsonl"),
    path("settings/wrong-reasons.csv", views_reasons.as_csv, name="wrong-reasons-csv"),
    path("settings/<slug:name>/", views_settings.topic, name="settings-topic"),
    # Practice mailbox
    path("practice/", views_practice.mailbox, name="practice"),
    path("practice/messages.json", views_practice_json.messages, name="practice-messages-json"),
    path("practice/switches.json", views_practice_json.switches, name="practice-switches-json"),
    path("practice/switches/", views_practice.switches, name="practice-switches"),
    path("practice/switches/normal/", views_practice.switches_normal, name="practice-normal"),
    path("practice/<slug:provider_message_id>/", views_practice.captured, name="practice-email"),
    path("practice/<slug:provider_message_id>/html/", views_practice.captured_html, name="practice-email-html"),
    # The words
    path("words/", views_words.words, name="words"),
]
