"""Addresses of the pages about emails. Each noun has its own block."""

from django.urls import path

from emails import views_message, views_problem, views_today

urlpatterns = [
    # Today
    path("", views_today.today, name="today"),
    path("today/list/", views_today.today_list, name="today-list"),
    path("today/<str:category>/<str:domain>/", views_today.cause, name="cause"),
    # Problems
    path("problems/<int:problem_id>/snooze/", views_problem.snooze, name="snooze"),
    path("problems/<int:problem_id>/unsnooze/", views_problem.unsnooze, name="unsnooze"),
    path("problems/<int:problem_id>/handle/", views_problem.handle, name="handle"),
    path("problems/<int:problem_id>/reopen/", views_problem.reopen, name="reopen"),
    # Messages
    path("messages/<int:message_id>/", views_message.message, name="message"),
    path("messages/<int:message_id>/part/", views_message.message_part, name="message-part"),
    path("messages/<int:message_id>/email/", views_message.email, name="message-email"),
    path("messages/<int:message_id>/resend/", views_message.resend, name="resend"),
    path("messages/<int:message_id>/undo/", views_message.undo, name="undo"),
    path("messages/<int:message_id>/send-now/", views_message.send_now, name="send-now"),
    path("messages/<int:message_id>/settle/", views_message.settle, name="settle"),
]
