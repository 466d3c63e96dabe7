using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Npgsql;

namespace Clientele.Messaging.Tests;

/// <summary>Preferences, quiet hours, reply windows, webhooks, secrets and notices.</summary>
public sealed class ChannelTests(Rig rig) : IClassFixture<Rig>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("22:00", "08:00", "Africa/Dakar", "2026-01-10 21:59Z", false, "2026-01-10 21:59Z")]
    [InlineData("22:00", "08:00", "Africa/Dakar", "2026-01-10 22:00Z", true, "2026-01-11 08:00Z")]
    [InlineData("22:00", "08:00", "Africa/Dakar", "2026-01-10 03:00Z", true, "2026-01-10 08:00Z")]
    [InlineData("22:00", "08:00", "Africa/Dakar", "2026-01-10 08:00Z", false, "2026-01-10 08:00Z")]
    [InlineData("22:00", "08:00", "Asia/Tokyo", "2026-01-10 14:00Z", true, "2026-01-10 23:00Z")]
    [InlineData("13:00", "15:00", "UTC", "2026-01-10 14:00Z", true, "2026-01-10 15:00Z")]
    [InlineData("13:00", "15:00", "UTC", "2026-01-10 15:00Z", false, "2026-01-10 15:00Z")]
    [InlineData("00:00", "00:00", "UTC", "2026-01-10 00:00Z", false, "2026-01-10 00:00Z")]
    // The night the clocks go forward in Paris: eight o'clock is an hour sooner.
    [InlineData("22:00", "08:00", "Europe/Paris", "2026-03-28 23:30Z", true, "2026-03-29 06:00Z")]
    public async Task Defect_112_Quiet_hours_cross_midnight_in_the_persons_own_zone(string starts, string ends, string zone, string at, bool quiet, string until)
    {
        Assert.Equal(quiet, await rig.Db.One<bool>($"select messaging.in_quiet_hours({starts}::time, {ends}::time, {zone}, {at}::timestamptz)", Ct));
        var somebody = await rig.Customer();
        await rig.Db.Run($"insert into wolo.notification_preferences (user_id, quiet_hours_start, quiet_hours_end) values ({somebody}, {starts}::time, {ends}::time)", Ct);
        await rig.Db.Run($"update messaging.preferences set time_zone = {zone} where customer_id = {somebody}", Ct);
        Assert.True(await rig.Db.One<bool>($"select messaging.may_reach_at({somebody}, {at}::timestamptz) = {until}::timestamptz", Ct));
    }

    [Fact]
    public async Task Defect_112_A_message_waits_for_the_end_of_the_quiet_hours_unless_it_is_urgent()
    {
        var key = Guid.NewGuid().ToString("N");
        await rig.Template(key, "x", "email,sms");
        var somebody = await rig.Customer();
        await rig.Db.Run($"update customers.customers set timezone = 'Asia/Tokyo' where id = {somebody}", Ct);
        async Task<string> Due(string channel, int priority)
        {
            var message = await rig.Db.One<Guid>($"select messaging.queue({key}, {channel}, {somebody}, priority => {priority}, scheduled_at => '2030-01-10 14:00Z')", Ct);
            return await rig.Db.One<string>($"select to_char(m.due_at at time zone 'UTC', 'DD HH24') from messaging.messages m where m.id = {message}", Ct);
        }
        Assert.Equal(("10 23", "10 14", "10 14"), (await Due("sms", 3), await Due("sms", 1), await Due("email", 3)));
        await rig.Db.Run($"insert into pocm.delivery_configurations (channel, respects_quiet_hours) values ('sms', false)", Ct);
        Assert.Equal("10 14", await Due("sms", 3));
        await rig.Db.Run($"delete from pocm.delivery_configurations", Ct);
    }

    [Fact]
    public async Task Preferences_have_one_place_that_profiles_show()
    {
        var somebody = await rig.Customer();
        await rig.Db.Run($"insert into wolo.notification_preferences (user_id, sms_enabled) values ({somebody}, false)", Ct);
        Assert.Equal("23505", await rig.Refusal($"insert into wolo.notification_preferences (user_id) values ({somebody})"));
        Assert.Equal("daily 22:00:00 08:00:00 false", await rig.Db.One<string>($"select concat_ws(' ', p.digest_frequency, p.quiet_hours_start, p.quiet_hours_end, p.marketing_notifications::text) from wolo.notification_preferences p where p.user_id = {somebody}", Ct));
        // No other relation of any module stores them.
        Assert.Equal(["messaging.preferences"], await rig.Service.List<string>($"""
            select distinct c.oid::regclass::text from pg_class c join pg_attribute a on a.attrelid = c.oid where c.relkind = 'r' and a.attname in ('sms_enabled', 'quiet_hours_start', 'whatsapp_enabled')
            """, Ct));
        Assert.Equal("23514", await rig.Refusal($"update messaging.preferences set time_zone = 'Mars/Olympus' where customer_id = {somebody}"));
        Assert.Equal(0, await rig.For(rig.Beta).One<long>($"select count(*) from wolo.notification_preferences", Ct));
    }

    [Fact]
    public async Task Defect_116_An_expired_window_does_not_stand_in_the_way_of_the_next()
    {
        var workspace = rig.Alpha.WorkspaceId;
        await rig.Db.Run($"""
            insert into assistant.whatsapp_sessions (customer_id, phone_number, window_opened_at, window_expires_at, last_message_at) values ({workspace}, '+221770000001', now() - interval '30 hours', now() - interval '6 hours', now() - interval '30 hours')
            """, Ct);
        Assert.Equal(1, await rig.Db.Run($"insert into assistant.whatsapp_sessions (customer_id, phone_number) values ({workspace}, '+221770000001')", Ct));
        Assert.Equal("23P01", await rig.Refusal($"insert into assistant.whatsapp_sessions (customer_id, phone_number) values ({workspace}, '+221770000001')"));
        Assert.Equal(1, await rig.For(rig.Beta).Run($"insert into assistant.whatsapp_sessions (customer_id, phone_number) values ({rig.Beta.WorkspaceId}, '+221770000001')", Ct));
        Assert.Equal(["false", "true"], await rig.Db.List<string>($"select s.active::text from assistant.whatsapp_sessions s where s.phone_number = '+221770000001' order by s.window_opened_at", Ct));
    }

    [Fact]
    public async Task Defect_116_Eight_messages_at_once_open_one_window()
    {
        var workspace = rig.Alpha.WorkspaceId!.Value;
        var windows = await Rig.Eight(n => rig.Db.One<Guid>($"select w.id from messaging.came_in({workspace}, '+221770000002', timestamptz '2026-01-01 10:00Z' + {n} * interval '1 minute') w", Ct));
        Assert.Single(windows.Distinct());
        Assert.Equal("2026-01-02 10:07", await rig.Db.One<string>($"select to_char(max(w.window_expires_at) at time zone 'UTC', 'YYYY-MM-DD HH24:MI') from messaging.reply_windows w where w.phone_number = '+221770000002'", Ct));
        Task<bool> May(string at) => rig.Db.One<bool>($"select messaging.answer_freely({workspace}, '+221770000002', {at}::timestamptz)", Ct);
        Assert.Equal((true, false), (await May("2026-01-02 10:06Z"), await May("2026-01-02 10:07Z")));
        // A late one changes nothing; one after the end opens the next.
        Assert.Equal(windows[0], await rig.Db.One<Guid>($"select w.id from messaging.came_in({workspace}, '+221770000002', '2026-01-01 09:00Z') w", Ct));
        Assert.NotEqual(windows[0], await rig.Db.One<Guid>($"select w.id from messaging.came_in({workspace}, '+221770000002', '2026-01-02 10:07Z') w", Ct));
        Assert.Equal(1, await rig.Db.One<long>($"select w.messages_sent from messaging.reply_windows w where w.id = {windows[0]}", Ct));
    }

    [Fact]
    public async Task Defect_125_A_repeated_webhook_is_known()
    {
        var organization = rig.Alpha.OrganizationId;
        Sql Call(string? id, string payload) => $"""
            insert into assistant.whatsapp_webhooks (customer_id, provider_event_id, event_type, payload) values ({rig.Alpha.WorkspaceId}, {id}, 'message', {payload}::jsonb) on conflict do nothing
            """;
        Assert.Equal(1, await AsWorker(Call("wamid.1", """{"n": 1}""")));
        Assert.Equal(0, await AsWorker(Call("wamid.1", """{"n": 1, "again": true}""")));
        Assert.Equal(1, await AsWorker(Call("wamid.2", """{"n": 1}""")));
        // Without an id, the same words are the same call.
        Assert.Equal(1, await AsWorker(Call(null, """{"n": 2}""")));
        Assert.Equal(0, await AsWorker(Call(null, """{"n":    2}""")));
        Assert.Equal("whatsapp_business false", await rig.Service.One<string>($"select w.provider || ' ' || v.processed from messaging.webhook_calls w join assistant.whatsapp_webhooks v on v.id = w.id where w.organization_id = {organization} and w.provider_event_id = 'wamid.1'", Ct));
        Assert.Equal("42501", await rig.Refusal($"select 1 from assistant.whatsapp_webhooks"));
        Assert.Equal("42501", await rig.Refusal($"select 1 from jyotiflow.webhook_logs"));
        await rig.Service.Run($"update messaging.webhook_calls set received_at = now() - interval '31 days' where provider_event_id = 'wamid.1'", Ct);
        Assert.Equal(1, await rig.Service.One<int>($"select messaging.purge_webhook_calls()", Ct));
    }

    // The platform's own worker, acting for alpha.
    private Task<long> AsWorker(Sql sql) => new Db(rig.Databases.Service, rig.Alpha).Run(sql, Ct);

    [Fact]
    public async Task Defect_069_Tokens_are_the_workers_alone()
    {
        var workspace = rig.Alpha.WorkspaceId;
        await AsWorker($"insert into assistant.whatsapp_oauth_tokens (customer_id, access_token_encrypted, token_type, expires_at, scopes) values ({workspace}, '\\x01', 'bearer', now() + interval '1 day', '{{send}}')");
        await AsWorker($"insert into assistant.instagram_credentials (customer_id, instagram_business_account_id, access_token_encrypted, token_expires_at, scopes) values ({workspace}, '17', '\\x02', now() + interval '1 day', '{{}}')");
        Assert.Equal("23505", (await Assert.ThrowsAsync<PostgresException>(() => AsWorker($"insert into assistant.whatsapp_oauth_tokens (customer_id, access_token_encrypted, expires_at) values ({workspace}, '\\x03', now())"))).SqlState);
        Assert.Equal("23514", (await Assert.ThrowsAsync<PostgresException>(() => AsWorker($"update assistant.instagram_credentials set instagram_business_account_id = null"))).SqlState);
        Assert.Equal(1, await AsWorker($"update assistant.whatsapp_oauth_tokens set access_token_encrypted = '\\x04' where customer_id = {workspace}"));
        Assert.Equal((1, 1, 2), (await rig.Service.One<long>($"select count(*) from assistant.whatsapp_oauth_tokens", Ct), await rig.Service.One<long>($"select count(*) from assistant.instagram_credentials", Ct),
            await rig.Service.One<long>($"select count(*) from messaging.credentials", Ct)));
        foreach (var relation in new[] { "assistant.whatsapp_oauth_tokens", "assistant.instagram_credentials", "messaging.credentials" })
            Assert.Equal("42501", await rig.Refusal($"select 1 from {Sql.Composed(relation)}", rig.Marketer));
    }

    [Fact]
    public async Task A_notice_is_seen_by_whom_it_is_for()
    {
        var marketer = rig.Marketer.ActorId!.Value;
        var id = await rig.Db.One<Guid>($"select messaging.notify({marketer}, 'report', 'Ready', 'Your report is ready')", Ct);
        foreach (var (tenant, seen) in new[] { (rig.Marketer, 1), (rig.Colleague, 0), (rig.Alpha, 0), (rig.Beta with { ActorId = marketer, Access = Access.Admin }, 0) })
            Assert.Equal(seen, await rig.For(tenant).One<long>($"select count(*) from assistant.notifications n where n.id = {id}", Ct));
        Assert.Equal("42501", await rig.Refusal($"insert into assistant.notifications (user_id, type, title, message) values ({marketer}, 'x', 'x', 'x')", rig.Colleague));
        Assert.Equal("42501", await rig.Refusal($"select messaging.notify({marketer}, 'x', 'x', 'x')", Tenant.None));

        Assert.Equal(1, await rig.For(rig.Marketer).Run($"update assistant.notifications set read = true where id = {id}", Ct));
        Assert.True(await rig.For(rig.Marketer).One<bool>($"select n.read_at is not null from assistant.notifications n where n.id = {id}", Ct));
        await rig.For(rig.Marketer).Run($"update assistant.notifications set read = false where id = {id}", Ct);
        await rig.For(rig.Marketer).Run($"update assistant.notifications set read_at = now() where id = {id}", Ct);
        Assert.True(await rig.For(rig.Marketer).One<bool>($"select n.read from assistant.notifications n where n.id = {id}", Ct));
        Assert.Equal("23514", await rig.Refusal($"update assistant.notifications set expires_at = sent_at where id = {id}", rig.Marketer));
        // Nothing is about oneself only: the answer holds for nobody's own rows of others.
        Assert.Equal(0, await rig.For(rig.Colleague).Run($"update assistant.notifications set read = false where id = {id}", Ct));
    }

    [Fact]
    public async Task Administrators_are_each_told()
    {
        var told = await rig.Db.One<int>($"select messaging.notify_administrators('disk', 'Full', 'The disk is full')", Ct);
        Assert.True(told >= 2);
        Assert.Equal(told, await rig.Service.One<long>($"select count(*) from messaging.notices n where n.type = 'disk' and n.organization_id = {rig.Alpha.OrganizationId}", Ct));
        Assert.Equal(1, await rig.For(rig.Marketer).One<long>($"select count(*) from jyotiflow.admin_notifications n where n.type = 'disk'", Ct));
        Assert.Equal(0, await rig.Service.One<long>($"select count(*) from messaging.notices n where n.type = 'disk' and n.organization_id = {rig.Beta.OrganizationId}", Ct));
    }

    [Fact]
    public async Task A_provider_and_its_settings_are_the_organizations()
    {
        var provider = await rig.Db.One<Guid>($"insert into pocm.delivery_providers (name, provider, channels) values ('First', 'msg91', '{{sms}}') returning id", Ct);
        await rig.Db.Run($"insert into pocm.delivery_configurations (channel, provider_id) values ('web_push', {provider})", Ct);
        Assert.Equal("23505", await rig.Refusal($"insert into pocm.delivery_configurations (channel) values ('web_push')"));
        Assert.Equal(1, await rig.Db.Run($"insert into pocm.delivery_configurations (channel, workspace_id) values ('web_push', {rig.Alpha.WorkspaceId})", Ct));
        Assert.Equal("23503", await rig.Refusal($"insert into pocm.delivery_configurations (channel, provider_id) values ('push', {provider})", rig.Beta));
        Assert.Equal(0, await rig.For(rig.Beta).One<long>($"select count(*) from pocm.delivery_providers", Ct));
    }
}
