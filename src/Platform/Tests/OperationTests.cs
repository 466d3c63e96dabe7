using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Clientele.Testing;

namespace Clientele.Platform.Tests;

/// <summary>The audit trail, connections, limits, errors, alerts, breakers, health and use of the interfaces.</summary>
public sealed class OperationTests(OperationTests.Database database) : IClassFixture<OperationTests.Database>
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Db Alpha => database.Db;

    private Db Beta => database.For(database.Beta);

    private Db As(Access access, Guid? actor = null) => database.For(database.Alpha with { Access = access, ActorId = actor });

    private Task<Guid> Owner() => database.Service.One<Guid>($"select m.user_id from platform.organization_members m where m.organization_id = {database.Alpha.OrganizationId}", Ct);

    // ----- audit

    [Fact]
    public async Task Defect_002_The_hour_and_the_weekday_of_an_entry_are_those_of_utc_whatever_the_session()
    {
        var sunday = DateTimeOffset.Parse("2026-11-22T23:30:00Z", null);
        var hours = await Alpha.InTransaction(async t =>
        {
            await t.Run($"set local timezone = 'Asia/Tokyo'", Ct);
            await t.Run($"insert into cdp.activity_logs (activity_type, resource_type, occurred_at) values ('probe_hour', 'customer', {sunday})", Ct);
            return await t.One<string>($"select a.hour_of_day || ' ' || a.day_of_week from cdp.activity_logs a where a.activity_type = 'probe_hour'", Ct);
        }, Ct);
        Assert.Equal("23 0", hours);
        Assert.Empty(await Beta.List<Guid>($"select a.id from cdp.activity_logs a where a.activity_type = 'probe_hour'", Ct));
    }

    [Fact]
    public async Task Defect_070_The_audit_trail_is_only_ever_added_to()
    {
        await Alpha.Run($"insert into cdp.activity_logs (activity_type, resource_type) values ('create', 'campaign')", Ct);
        foreach (var db in new[] { Alpha, Beta, database.Service })
        {
            await Expect.Refused(Expect.Forbidden, () => db.Run($"delete from platform.activity_logs", Ct));
            await Expect.Refused(Expect.Forbidden, () => db.Run($"update platform.activity_logs set severity = 'debug'", Ct));
            await Expect.Refused(Expect.Forbidden, () => db.Run($"truncate platform.activity_logs", Ct));
        }
        foreach (var view in new[] { "cdp.activity_logs", "wolo.audit_logs", "jyotiflow.audit_logs", "pocm.compliance_audit_logs" })
            Assert.False(await database.Service.One<bool>($"select has_table_privilege('clientele_app', {view}, 'update') or has_table_privilege('clientele_app', {view}, 'delete')", Ct));
        await using var superuser = await database.OpenSuperuser();
        await Expect.Refused(Expect.OnlyAddedTo, () => superuser.Run("delete from platform.activity_logs"));
    }

    [Fact]
    public async Task Each_document_sees_the_one_trail_in_its_own_words()
    {
        var pot = Guid.CreateVersion7();
        await Alpha.Run($$"""
            insert into wolo.audit_logs (actor_type, action, resource_type, resource_id, old_values, new_values, reason, metadata)
            values ('system', 'pot_deleted', 'pot', {{pot}}::text, '{"a": 1, "b": 2}', '{"a": 1, "b": 3}', 'fraud', '{"via": "job"}')
            """, Ct);
        Assert.Equal("{b} info fraud", await Alpha.One<string>($"select concat_ws(' ', a.changed_fields, a.severity, w.reason) from cdp.activity_logs a join wolo.audit_logs w on w.id = a.id where a.resource_id = {pot}::text", Ct));
        Assert.Equal("job", (await Alpha.One<JsonElement>($"select a.details from jyotiflow.audit_logs a where a.action = 'pot_deleted'", Ct)).GetProperty("via").GetString());
        Assert.Empty(await Beta.List<Guid>($"select w.id from wolo.audit_logs w where w.action = 'pot_deleted'", Ct));
        var patient = Guid.CreateVersion7();
        await Alpha.Run($"insert into pocm.compliance_audit_logs (action, resource_type, patient_id, purpose, data_categories) values ('read', 'customer', {patient}, 'treatment', array['health'])", Ct);
        Assert.Equal(["hipaa"], await Alpha.List<string>($"select c.regulation from pocm.compliance_audit_logs c where c.patient_id = {patient}", Ct));
        Assert.False(await Alpha.One<bool>($"select exists (select from pocm.compliance_audit_logs c where c.action = 'pot_deleted')", Ct));
        await Expect.Refused(Expect.Check, () => Alpha.Run($"insert into wolo.audit_logs (actor_type, action, resource_type) values ('ghost', 'pot_deleted', 'pot')", Ct));
    }

    [Fact]
    public async Task Defect_108_A_time_is_kept_once()
    {
        await Beta.Run($"insert into wolo.audit_logs (actor_type, action, resource_type, timestamp) values ('system', 'probe_time', 'pot', now() - interval '2 hours')", Ct);
        Assert.True(await Beta.One<bool>($"select a.created_at = a.timestamp from wolo.audit_logs a where a.action = 'probe_time'", Ct));
        // Two names of one fact: whoever gives both would have to mean the same.
        await Expect.Refused("42601", () => Beta.Run($"insert into wolo.audit_logs (actor_type, action, resource_type, timestamp, created_at) values ('system', 'x', 'pot', now(), now())", Ct));
        Assert.Empty(await Alpha.List<Guid>($"select a.id from wolo.audit_logs a where a.action = 'probe_time'", Ct));
        Assert.Equal(1, await database.Service.One<long>($"select count(*) from pg_attribute a where a.attrelid = 'platform.activity_logs'::regclass and a.atttypid = 'timestamptz'::regtype", Ct));
        Assert.Equal(1, await database.Service.One<long>($"select count(*) from pg_attribute a where a.attrelid = 'platform.system_health_checks'::regclass and a.atttypid = 'timestamptz'::regtype", Ct));
    }

    [Fact]
    public async Task A_member_adds_to_the_trail_in_their_own_name_only_and_administrators_read_it()
    {
        var owner = await Owner();
        var member = As(Access.Member, owner);
        await member.Run($"insert into cdp.activity_logs (activity_type, resource_type, resource_id) values ('export', 'customer', 'own-name')", Ct);
        await Expect.Refused(Expect.Forbidden, () => member.Run($"insert into cdp.activity_logs (user_id, activity_type, resource_type) values ({Guid.CreateVersion7()}, 'export', 'customer')", Ct));
        await Expect.Refused(Expect.Forbidden, () => member.Run($"insert into wolo.audit_logs (actor_type, action, resource_type) values ('system', 'x', 'pot')", Ct));
        Assert.Empty(await member.List<Guid>($"select a.id from cdp.activity_logs a", Ct));
        Assert.Equal("alpha owner@alpha.example super_admin", await As(Access.Admin).One<string>($"select concat_ws(' ', a.user_name, a.user_email, a.user_role) from cdp.activity_logs a where a.resource_id = 'own-name'", Ct));
        // Keys and visitors go through the function, which says who they are not.
        await As(Access.Key).One<Guid>($"select platform.audit('read', 'customer', 'by-key')", Ct);
        Assert.Equal("api", await Alpha.One<string>($"select a.actor_type from wolo.audit_logs a where a.resource_id = 'by-key' and a.actor_user_id is null", Ct));
        await Expect.Refused(Expect.Forbidden, () => As(Access.Key).Run($"insert into cdp.activity_logs (activity_type, resource_type) values ('read', 'customer')", Ct));
        Assert.Empty(await Beta.List<Guid>($"select a.id from cdp.activity_logs a where a.resource_id in ('own-name', 'by-key')", Ct));
    }

    [Fact]
    public async Task Whoever_writes_the_trail_cannot_say_who_or_when_they_are()
    {
        var owner = await Owner();
        foreach (var db in new[] { As(Access.Member, owner), As(Access.Admin, owner) })
        {
            await db.Run($"insert into cdp.activity_logs (activity_type, resource_type, resource_id, user_name, user_email, user_role) values ('export', 'customer', 'forged', 'The Pope', 'pope@rome.example', 'pope')", Ct);
            await db.Run($"insert into platform.activity_logs (activity_type, resource_type, resource_id, actor_type, occurred_at) values ('export', 'customer', 'forged', 'api', date_trunc('month', now(), 'UTC'))", Ct);
            await Expect.Refused(Expect.Forbidden, () => db.Run($"insert into cdp.activity_logs (activity_type, resource_type, occurred_at) values ('export', 'customer', now() - interval '32 days')", Ct));
        }
        Assert.Equal(4, await Alpha.One<long>($"select count(*) from platform.activity_logs a where a.resource_id = 'forged'", Ct));
        Assert.Equal(["alpha owner@alpha.example super_admin user"], await Alpha.List<string>($"""
            select distinct concat_ws(' ', a.user_name, a.user_email, a.user_role, a.actor_type) from platform.activity_logs a
            where a.resource_id = 'forged' and a.occurred_at > now() - interval '1 minute'
            """, Ct));
        await Expect.Refused(Expect.Forbidden, () => As(Access.Visitor).One<Guid>($"select platform.audit('read', 'customer', 'by-visitor')", Ct));
        Assert.Empty(await Beta.List<Guid>($"select a.id from platform.activity_logs a where a.resource_id = 'forged'", Ct));
    }

    // ----- connections

    [Theory]
    [InlineData("""{"host": "db", "password": "hunter2"}""")]
    [InlineData("""{"servers": [{"host": "db", "options": {"Client_Secret": "x"}}]}""")]
    [InlineData("""{"apiKey": "x"}""")]
    [InlineData("""{"refresh_token": "x"}""")]
    public async Task Defect_069_A_secret_in_an_open_configuration_is_refused(string config)
    {
        await Expect.Refused(Expect.Check, () => Alpha.Run($"insert into cdp.data_connections (name, connection_type, connection_config) values ('leaky', 'postgresql', {config}::jsonb)", Ct));
        await Expect.Refused(Expect.Check, () => Beta.Run($"insert into jyotiflow.third_party_integrations (name, config) values ('leaky', {config}::jsonb)", Ct));
    }

    [Fact]
    public async Task Defect_069_Secrets_of_a_connection_go_in_and_never_come_out()
    {
        var id = await Alpha.One<Guid>($$"""
            insert into cdp.data_connections (name, connection_type, connection_config, sync_enabled, sync_frequency)
            values ('warehouse', 'snowflake', '{"host": "db", "port": 5432, "token_url": "https://x", "ssl_mode": "require"}', true, 'daily') returning id
            """, Ct);
        await Alpha.Run($"update platform.data_connections c set secrets = '\\x01' where c.id = {id}", Ct);
        foreach (var db in new[] { Alpha, Beta }) await Expect.Refused(Expect.Forbidden, () => db.List<byte[]>($"select c.secrets from platform.data_connections c", Ct));
        Assert.True(await Alpha.One<bool>($"select i.has_credentials from jyotiflow.third_party_integrations i where i.id = {id}", Ct));
        Assert.Empty(await Beta.List<Guid>($"select c.id from cdp.data_connections c", Ct));
        var columns = await database.Service.List<string>($"select c.column_name::text from information_schema.columns c where c.table_schema in ('cdp', 'jyotiflow') and c.table_name in ('data_connections', 'third_party_integrations')", Ct);
        Assert.DoesNotContain("secrets", columns);
    }

    [Fact]
    public async Task A_connection_is_due_by_its_frequency_and_changes_state_as_it_may()
    {
        var id = await Alpha.One<Guid>($"insert into cdp.data_connections (name, connection_type, sync_enabled, sync_frequency) values ('due', 'mysql', true, 'hourly') returning id", Ct);
        Assert.True(await Alpha.One<bool>($"select c.next_sync_at <= now() and c.status = 'inactive' from cdp.data_connections c where c.id = {id}", Ct));
        await Alpha.Run($"update cdp.data_connections c set last_sync_at = '2026-11-20T10:00Z' where c.id = {id}", Ct);
        Assert.Equal(DateTimeOffset.Parse("2026-11-20T11:00Z", null), await Alpha.One<DateTimeOffset>($"select c.next_sync_at from cdp.data_connections c where c.id = {id}", Ct));
        await Expect.Refused(Expect.WrongState, () => Alpha.Run($"update cdp.data_connections c set status = 'error' where c.id = {id}", Ct));
        await Alpha.Run($"update cdp.data_connections c set status = 'testing' where c.id = {id}", Ct);
        await Expect.Refused(Expect.Check, () => Beta.Run($"insert into cdp.data_connections (name, connection_type, sync_enabled) values ('when', 'mysql', true)", Ct));
        await Expect.Refused(Expect.Check, () => Beta.Run($"insert into cdp.data_connections (name, connection_type) values ('what', 'telepathy')", Ct));
        await Expect.Refused(Expect.Forbidden, () => As(Access.Member).Run($"insert into cdp.data_connections (name, connection_type) values ('member', 'mysql')", Ct));
        Assert.True(await As(Access.Member).One<bool>($"select exists (select from cdp.data_connections)", Ct));
    }

    // ----- limits

    [Fact]
    public async Task Of_eight_requests_a_limit_of_five_lets_five_through()
    {
        await Alpha.Run($"insert into pocm.rate_limits (name, route, max_requests, window_seconds) values ('batch', '/v1/batch', 5, 86400)", Ct);
        await Beta.Run($"insert into jyotiflow.rate_limits (name, endpoint, max_requests, window_seconds) values ('all', '*', 100, 86400)", Ct);
        var outcomes = await Expect.AtOnce(8, _ => Alpha.One<long>($"select platform.count_request('/v1/batch')", Ct));
        Assert.Equal([0, 1, 2, 3, 4], outcomes.Where(o => o.Refusal is null).Select(o => o.Value).Order());
        Assert.All(outcomes.Where(o => o.Refusal is not null), o => Assert.Equal(Expect.LimitReached, o.Refusal));
        Assert.Null(await Alpha.One<long?>($"select platform.count_request('/v1/track')", Ct));
        Assert.Equal(99, await Beta.One<long>($"select platform.count_request('/v1/batch')", Ct));
    }

    [Fact]
    public async Task A_limit_is_by_key_by_caller_or_for_all_and_the_tightest_counts()
    {
        var key = await Alpha.One<Guid>($"select k.id from platform.issue_api_key('limited', {database.Alpha.WorkspaceId}) k", Ct);
        await Alpha.Run($"insert into pocm.rate_limits (name, route, counted_by, max_requests, window_seconds) values ('each', '/each/*', 'caller', 1, 86400), ('off', '/each/*', 'organization', 0, 60)", Ct);
        await Alpha.Run($"insert into pocm.rate_limits (name, route, api_key_id, max_requests, window_seconds) values ('this key', '/each/*', {key}, 2, 86400)", Ct);
        await Alpha.Run($"update pocm.rate_limits l set is_active = false where l.name = 'off'", Ct);
        Assert.Equal(0, await Alpha.One<long>($"select platform.count_request('/each/a', caller => 'ann')", Ct));
        await Expect.Refused(Expect.LimitReached, () => Alpha.One<long>($"select platform.count_request('/each/b', caller => 'ann')", Ct));
        Assert.Equal(0, await Alpha.One<long>($"select platform.count_request('/each/b', {key}, 'bob')", Ct));
        Assert.Equal(0, await Alpha.One<long>($"select platform.count_request('/each/b', {key}, 'cat')", Ct));
        await Expect.Refused(Expect.LimitReached, () => Alpha.One<long>($"select platform.count_request('/each/b', {key}, 'dan')", Ct));
        await Expect.Refused(Expect.Duplicate, () => Alpha.Run($"insert into pocm.rate_limits (name, route, counted_by, max_requests, window_seconds) values ('again', '/each/*', 'caller', 9, 86400)", Ct));
        Assert.Empty(await Beta.List<Guid>($"select l.id from pocm.rate_limits l where l.route = '/each/*'", Ct));
        await database.Service.Run($"update platform.rate_limit_buckets b set filled_at = b.filled_at - interval '5 days' where b.subject = 'ann'", Ct);
        Assert.Equal(1, await database.Service.One<long>($"select platform.purge_rate_limits()", Ct));
        Assert.Equal(0, await Alpha.One<long>($"select platform.count_request('/each/a', caller => 'ann')", Ct));
    }

    [Fact]
    public async Task Use_of_the_interfaces_is_summed_by_day_and_rates_are_worked_out()
    {
        Sql count = $"""
            insert into jyotiflow.api_usage_metrics as m (metric_date, api_endpoint, http_method, request_count, error_count, total_time_ms) values ('2026-11-20', '/rest/v1/{"{table}"}', 'GET', 4, 1, 30)
            """;
        await Alpha.Run(count, Ct);
        await Expect.Refused(Expect.Duplicate, () => Alpha.Run(count, Ct));
        await Beta.Run(count, Ct);
        Assert.Equal("7.50 0.25000000", await Alpha.One<string>($"select m.average_time_ms || ' ' || m.error_rate from jyotiflow.api_usage_metrics m", Ct));
        await Expect.Refused(Expect.Check, () => Alpha.Run($"update jyotiflow.api_usage_metrics set error_count = 5", Ct));
    }

    // ----- errors, alerts, health

    [Fact]
    public async Task Errors_are_administrators_and_found_by_their_context()
    {
        await Alpha.Run($$"""
            insert into assistant.error_logs (error_type, error_message, severity, context, customer_id)
            values ('Timeout', 'no answer', 'error', '{"service": {"name": "whatsapp"}, "try": 3}', {{database.Alpha.WorkspaceId}})
            """, Ct);
        await Expect.Refused(Expect.ForeignKey, () => Alpha.Run($"insert into assistant.error_logs (error_type, error_message, customer_id) values ('x', 'x', {database.Beta.WorkspaceId})", Ct));
        await Expect.Refused(Expect.Check, () => Alpha.Run($"insert into assistant.error_logs (error_type, error_message, severity) values ('x', 'x', 'banana')", Ct));
        Json context = new("""{"service": {"name": "whatsapp"}}""");
        Assert.Equal(["Timeout"], await Alpha.List<string>($"select e.error_type from platform.find_errors({context}) e", Ct));
        Assert.Equal(["Timeout"], await Alpha.List<string>($"select l.event from jyotiflow.system_logs l where l.level = 'error'", Ct));
        foreach (var nobody in new[] { Beta, As(Access.Member), As(Access.Key), As(Access.Visitor) })
        {
            Assert.Empty(await nobody.List<string>($"select e.error_type from platform.find_errors({context}) e", Ct));
            Assert.Empty(await nobody.List<string>($"select e.error_type from assistant.error_logs e", Ct));
        }
    }

    [Fact]
    public async Task Passing_a_threshold_raises_one_alert_until_it_is_resolved()
    {
        await Alpha.Run($"insert into assistant.alert_thresholds (metric_name, comparison, threshold_value, severity, notification_channels) values ('lag', 'greater_than', 10, 'critical', array['email']), ('lag', 'less_than', 1, 'info', '{{}}'), ('lag', 'equals', 50, 'error', '{{}}')", Ct);
        await Beta.Run($"insert into assistant.alert_thresholds (metric_name, comparison, threshold_value) values ('lag', 'greater_than', 1000)", Ct);
        Assert.Equal(0, await Alpha.One<long>($"select platform.measure('lag', 10)", Ct));
        var raised = await Expect.AtOnce(8, _ => Alpha.One<long>($"select platform.measure('lag', 50)", Ct));
        Assert.Equal(2, raised.Sum(r => r.Value)); // above 10, and equal to 50
        Assert.Equal(0, await Beta.One<long>($"select platform.measure('lag', 50)", Ct));
        var owner = await Owner();
        Assert.Equal(1, await As(Access.Admin, owner).Run($"update assistant.alert_history h set resolved = true where h.severity = 'critical' and h.alert_type = 'lag'", Ct));
        Assert.Equal(owner, await Alpha.One<Guid>($"select h.resolved_by from assistant.alert_history h where h.resolved and h.resolved_at is not null and h.alert_type = 'lag'", Ct));
        await Expect.Refused(Expect.WrongState, () => Alpha.Run($"update assistant.alert_history h set resolved = false where h.resolved", Ct));
        Assert.Equal(1, await Alpha.One<long>($"select platform.measure('lag', 50)", Ct));
        Assert.Equal(1, await Alpha.One<long>($"select platform.measure('lag', 0.5)", Ct));
        Assert.Empty(await As(Access.Member).List<Guid>($"select h.id from assistant.alert_history h", Ct));
        await Expect.Refused(Expect.Check, () => Alpha.Run($"insert into assistant.alert_thresholds (metric_name, comparison, threshold_value) values ('lag', 'roughly', 1)", Ct));
    }

    [Fact]
    public async Task A_breaker_opens_after_failures_in_a_row_and_one_trial_decides()
    {
        // The service role acts for the organization of the moment.
        Task<T> Service<T>(Tenant tenant, Sql sql) => new Db(database.Databases.Service, tenant).One<T>(sql, Ct);
        for (var n = 1; n <= 4; n++) Assert.Equal("closed", await Service<string>(database.Alpha, $"select platform.record_call('wave', false)"));
        Assert.Equal("closed", await Service<string>(database.Alpha, $"select platform.record_call('wave', true)"));
        for (var n = 1; n <= 4; n++) await Service<string>(database.Alpha, $"select platform.record_call('wave', false)");
        Assert.True(await Service<bool>(database.Alpha, $"select platform.may_call('wave')"));
        Assert.Equal("open", await Service<string>(database.Alpha, $"select platform.record_call('wave', false)"));
        Assert.False(await Service<bool>(database.Alpha, $"select platform.may_call('wave')"));
        Assert.True(await Service<bool>(database.Beta, $"select platform.may_call('wave')"));
        var trials = await Expect.AtOnce(8, _ => Service<bool>(database.Alpha, $"select platform.may_call('wave', '0 seconds')"));
        Assert.Equal(1, trials.Count(t => t.Value));
        Assert.Equal("open", await Service<string>(database.Alpha, $"select platform.record_call('wave', false)"));
        Assert.True(await Service<bool>(database.Alpha, $"select platform.may_call('wave', '0 seconds')"));
        Assert.Equal("closed", await Service<string>(database.Alpha, $"select platform.record_call('wave', true)"));
        await Expect.Refused(Expect.WrongState, () => database.Service.Run($"update assistant.circuit_breaker_telemetry set state = 'half_open'", Ct));
        Assert.Equal(["open", "half_open", "open", "half_open", "closed"], await Alpha.List<string>($"select e.properties ->> 'to' from log.events e where e.event_type = 'circuit_breaker_changed' order by e.writer, e.position", Ct));
        await Expect.Refused(Expect.Forbidden, () => Alpha.List<Guid>($"select c.id from assistant.circuit_breaker_telemetry c", Ct));
    }

    [Fact]
    public async Task A_probe_that_finds_something_else_raises_an_alert()
    {
        foreach (var status in new[] { "healthy", "healthy", "degraded", "degraded", "unhealthy", "healthy" })
            await Alpha.Run($"insert into wolo.system_health_checks (service_name, check_name, status, checked_at) values ('mail', 'send', {status}, clock_timestamp())", Ct);
        await Beta.Run($"insert into wolo.system_health_checks (service_name, check_name, status) values ('mail', 'send', 'healthy')", Ct);
        Assert.Equal(["warning", "critical", "info"], await Alpha.List<string>($"select h.severity from assistant.alert_history h where h.alert_type = 'health_changed' order by h.created_at", Ct));
        Assert.Empty(await Beta.List<Guid>($"select h.id from assistant.alert_history h", Ct));
        await Expect.Refused(Expect.Check, () => Alpha.Run($"insert into wolo.system_health_checks (service_name, check_name, status) values ('mail', 'send', 'so-so')", Ct));
    }

    [Fact]
    public async Task Defect_133_Applied_migrations_are_the_platforms_own_record_and_nobody_writes_them()
    {
        Assert.True(await Alpha.One<bool>($"select count(*) > 10 from jyotiflow.schema_migrations m where m.checksum ~ '^[0-9a-f]+$'", Ct));
        Assert.Empty(await As(Access.Member).List<string>($"select m.file from jyotiflow.schema_migrations m", Ct));
        foreach (var db in new[] { Alpha, Beta, database.Service })
            await Expect.Refused(Expect.Forbidden, () => db.Run($"delete from jyotiflow.schema_migrations", Ct));
    }
}
