-- Visitors' sessions.

select platform.blueprint_view('assistant.customer_sessions', 'customers.visits', $$
    id, customer_id = workspace_id, session_id, user_identifier, started_at, last_activity_at, ip_address, user_agent, metadata
    expired = (b.expires_at <= now())
$$);
