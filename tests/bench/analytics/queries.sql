SELECT count(*) FROM tickets
SELECT status, count(*) AS n FROM tickets GROUP BY status ORDER BY n DESC
SELECT date_trunc('week', created_at) AS week, count(*) AS n FROM tickets GROUP BY week ORDER BY week DESC LIMIT 12
SELECT group_name, median(first_reply_minutes) AS median FROM tickets GROUP BY group_name
SELECT tag, count(*) AS n FROM tags GROUP BY tag ORDER BY n DESC LIMIT 20
SELECT t.channel, avg(CASE WHEN s.score = 'good' THEN 1 ELSE 0 END) AS good FROM satisfaction s JOIN tickets t ON t.id = s.ticket_id GROUP BY t.channel
SELECT to_status, count(*) AS n FROM status_changes GROUP BY to_status
SELECT assignee, count(*) AS n FROM tickets WHERE status = 'open' GROUP BY assignee ORDER BY n DESC LIMIT 10
SELECT id, subject, created_at FROM tickets WHERE subject ILIKE '%charged twice%' ORDER BY created_at DESC LIMIT 25
SELECT count(*) FROM comments WHERE body ILIKE '%refund%' AND public
SELECT field, value, count(*) AS n FROM custom_fields GROUP BY ALL ORDER BY n DESC LIMIT 20
SELECT metric, count(*) AS n FROM sla_breaches GROUP BY metric
