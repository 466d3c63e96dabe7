using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Npgsql;

namespace Clientele.Messaging.Tests;

/// <summary>Campaigns: who may start them, whom they are for, how many they send, and what is counted.</summary>
public sealed class CampaignTests(Rig rig) : IClassFixture<Rig>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private sealed record Totals(long TotalTargeted, long TotalSent, long TotalDelivered, long TotalBounced, long TotalOpened, long TotalClicked, long TotalConverted, decimal TotalRevenueAttributed);

    private sealed record Rates(decimal? DeliveryRate, decimal? OpenRate, decimal? ClickRate, decimal? ConversionRate, decimal? Roi);

    private Task<Totals> TotalsOf(Guid campaign) => rig.Db.One<Totals>($"""
        select c.total_targeted, c.total_sent, c.total_delivered, c.total_bounced, c.total_opened, c.total_clicked, c.total_converted, c.total_revenue_attributed
        from cdp.campaigns c where c.id = {campaign}
        """, Ct);

    private Task<Rates> RatesOf(Sql relation, Guid campaign) =>
        rig.Db.One<Rates>($"select r.delivery_rate, r.open_rate, r.click_rate, r.conversion_rate, r.roi from {relation} = {campaign}", Ct);

    private Task<long> Drift() => rig.Db.One<long>($"select count(*) from messaging.campaign_drift()", Ct);

    [Fact]
    public async Task Defect_032_040_042_Rates_are_fractions_defined_once_and_none_overflows()
    {
        var campaign = await rig.Campaign(budget: 0.01m);
        var nothing = new Rates(null, null, null, null, -1);
        Assert.Equal(nothing, await RatesOf($"cdp.campaigns r where r.id", campaign));

        // Ten sent, eight delivered, four opened, one of whom clicked five times, one converted.
        var people = await rig.Customers(10);
        await rig.Db.Run($"""
            insert into cdp.campaign_sends (campaign_id, customer_id, send_status, opened_at, first_click_at, total_clicks, converted_at, conversion_value)
            select {campaign}, p.id, case when p.n <= 8 then 'delivered' else 'bounced' end, case when p.n <= 4 then now() end, case when p.n = 1 then now() end,
                   case when p.n = 1 then 5 else 0 end, case when p.n = 1 then now() end, case when p.n = 1 then 500.01 end
            from unnest({people}) with ordinality as p(id, n)
            """, Ct);
        var expected = new Rates(0.8m, 0.5m, 0.125m, 0.1m, 50000m);
        Assert.Equal(expected, await RatesOf($"cdp.campaigns r where r.id", campaign));
        Assert.Equal(expected, await RatesOf($"messaging.campaign_performance r where r.campaign_id", campaign));
        Assert.Equal((0.8m, 5_000_000m), await rig.Db.InTransaction(async t => (
            await t.One<decimal>($"select s.delivery_rate from cdp.campaign_performance_summary s where s.id = {campaign}", Ct),
            await t.One<decimal>($"select s.roi_percentage from cdp.campaign_performance_summary s where s.id = {campaign}", Ct)), Ct));
        Assert.Equal(0, await Drift());

        var free = await rig.Campaign(budget: 0);
        Assert.Equal(nothing with { Roi = null }, await RatesOf($"cdp.campaigns r where r.id", free));

        await rig.Db.Run($"delete from messaging.campaign_sends where campaign_id = {campaign} and send_status = 'bounced'", Ct);
        Assert.Equal(1m, (await RatesOf($"cdp.campaigns r where r.id", campaign)).DeliveryRate);
        Assert.Equal(0, await Drift());
    }

    [Fact]
    public async Task Defect_023_Totals_hold_under_eight_writers_of_two_campaigns()
    {
        Guid[] campaigns = [await rig.Campaign(), await rig.Campaign()];
        var people = await rig.Customers(160);
        await Rig.Eight(async n =>
        {
            var mine = people[(n * 20)..(n * 20 + 20)];
            // Every other writer names the campaigns the other way round.
            var both = n % 2 == 0 ? campaigns : [.. campaigns.Reverse()];
            await rig.Db.Run($"insert into messaging.campaign_sends (campaign_id, customer_id) select c.id, p from unnest({both}) with ordinality as c(id, n), unnest({mine}) as p order by c.n", Ct);
            await rig.Db.Run($"update messaging.campaign_sends set send_status = 'sent' where customer_id = any({mine})", Ct);
            await rig.Db.Run($"update messaging.campaign_sends set send_status = 'delivered', opened_at = now() where customer_id = any({mine[..10]})", Ct);
            await rig.Db.Run($"update messaging.campaign_sends set converted_at = now(), conversion_value = 2.50 where customer_id = any({mine[..4]})", Ct);
            return await rig.Db.Run($"delete from messaging.campaign_sends where customer_id = any({mine[19..]})", Ct);
        });
        foreach (var campaign in campaigns)
            Assert.Equal(new Totals(152, 152, 80, 0, 80, 0, 32, 80m), await TotalsOf(campaign));
        Assert.Equal(0, await Drift());

        // The check itself sees what is wrong.
        await rig.Service.Run($"update messaging.campaign_totals set total_opened = 81 where campaign_id = {campaigns[0]}", Ct);
        Assert.Equal("total_opened", await rig.Db.One<string>($"select d.figure from messaging.campaign_drift() d where d.campaign_id = {campaigns[0]}", Ct));
        await rig.Service.Run($"update messaging.campaign_totals set total_opened = 80 where campaign_id = {campaigns[0]}", Ct);
        Assert.Equal("42501", await rig.Refusal($"update messaging.campaign_totals set total_sent = 0 where campaign_id = {campaigns[0]}"));
    }

    [Fact]
    public async Task Defect_031_Results_are_counted_by_their_own_time()
    {
        var campaign = await rig.Running();
        var people = await rig.Customers(3);
        await rig.Db.Run($"update messaging.campaigns set start_date = '2019-01-01' where id = {campaign}", Ct);
        await rig.Db.Run($"""
            insert into messaging.campaign_sends (campaign_id, customer_id, send_status, sent_at, delivered_at, converted_at, conversion_value)
            select {campaign}, p.id, 'delivered', timestamptz '2020-01-31 12:00Z', '2020-01-31 13:00Z', case p.n when 1 then timestamptz '2020-01-31 14:00Z' when 2 then '2020-02-01 00:00Z' end, case when p.n < 3 then 10 end
            from unnest({people}) with ordinality as p(id, n)
            """, Ct);
        Assert.Equal(["0/1/10.00"], await rig.Db.List<string>($"select r.sent || '/' || r.converted || '/' || r.revenue from messaging.campaign_results('2020-02-01', '2020-03-01') r", Ct));
        Assert.Equal(["3/1/10.00"], await rig.Db.List<string>($"select r.sent || '/' || r.converted || '/' || r.revenue from messaging.campaign_results('2020-01-01', '2020-02-01') r", Ct));
    }

    [Fact]
    public async Task Defect_044_045_046_Money_and_counters_are_wide_and_nothing_with_a_default_is_null()
    {
        var campaign = await rig.Campaign(budget: 150_000_000_000m);
        var one = await rig.Customer();
        await rig.Db.Run($"insert into cdp.campaign_sends (campaign_id, customer_id, send_status, converted_at, conversion_value, total_clicks, first_click_at) values ({campaign}, {one}, 'delivered', now(), 150000000000.25, 3000000000, now())", Ct);
        Assert.Equal(150_000_000_000.25m, (await TotalsOf(campaign)).TotalRevenueAttributed);

        Assert.Empty(await rig.Service.List<string>($"""
            select c.table_name || '.' || c.column_name from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
            where c.table_schema = 'messaging' and t.table_type = 'BASE TABLE'
            and ((c.column_default is not null and c.is_nullable = 'YES' and c.column_name not in ('created_by', 'updated_by', 'requested_by', 'checked_by'))
              or (c.column_name ~ '^total_|_count$' and c.data_type = 'integer' and c.column_name <> 'retry_count'))
            """, Ct));
    }

    [Fact]
    public async Task Defect_048_One_customer_gets_a_campaign_once_whatever_the_variant()
    {
        var campaign = await rig.Campaign();
        var one = await rig.Customer();
        var taken = await Rig.Eight(n => Try($"insert into cdp.campaign_sends (campaign_id, customer_id, variant) values ({campaign}, {one}, {(n % 2 == 0 ? "A" : "B")})"));
        Assert.Equal((1, 7), (taken.Count(s => s == ""), taken.Count(s => s == "23505")));
        Assert.Equal("23502", await rig.Refusal($"update messaging.campaign_sends set variant = null where campaign_id = {campaign}"));
        Assert.Equal(1, (await TotalsOf(campaign)).TotalTargeted);
    }

    [Theory]
    [InlineData(90, 90, false)]
    [InlineData(50, 50, true)]
    [InlineData(100, 0, true)]
    [InlineData(-20, 120, false)]
    [InlineData(33.3, 66.7, true)]
    [InlineData(60, 30, false)]
    public async Task Defect_055_Shares_of_a_test_add_up_to_the_whole(decimal a, decimal b, bool right)
    {
        var config = $$"""{"variants": [{"name": "A", "percentage": {{a}}}, {"name": "B", "percentage": {{b}}}], "test_duration_hours": 4, "winning_metric": "open_rate", "auto_select_winner": true}""";
        var state = await Try($$"""
            insert into cdp.campaigns (name, campaign_type, channel, message_content, is_ab_test, ab_test_config) values ('Test', 'email', 'email', {{"{}"}}::jsonb, true, {{config}}::jsonb)
            """);
        Assert.Equal(right ? "" : "23514", state);
    }

    [Theory]
    [InlineData("""{"variants": [{"name": "A", "percentage": 100}]}""")]
    [InlineData("""{"variants": [{"name": "A", "percentage": 50}, {"name": "A", "percentage": 50}]}""")]
    [InlineData("""{"variants": [{"name": "A", "percentage": "50"}, {"name": "B", "percentage": 50}]}""")]
    [InlineData("""{"variants": [{"name": "A", "percentage": 50}, {"name": "B", "percentage": 50}], "test_duration_hours": -4}""")]
    [InlineData("""{"variants": [{"name": "A", "percentage": 50}, {"name": "B", "percentage": 50}], "winning_metric": "luck"}""")]
    [InlineData("""{"variants": 7}""")]
    [InlineData("""[]""")]
    [InlineData("""{}""")]
    [InlineData("null")]
    public async Task Defect_055_A_test_that_is_none_is_refused(string config) =>
        Assert.Equal("23514", await rig.Refusal($$"""
            insert into cdp.campaigns (name, campaign_type, channel, message_content, is_ab_test, ab_test_config) values ('Test', 'email', 'email', {{"{}"}}::jsonb, true, {{config}}::jsonb)
            """));

    [Fact]
    public async Task Defect_055_A_campaign_ends_after_it_starts_and_spends_nothing_negative()
    {
        var campaign = await rig.Campaign();
        Assert.Equal("23514", await rig.Refusal($"update cdp.campaigns set start_date = '2026-02-01', end_date = '2026-01-01' where id = {campaign}"));
        Assert.Equal("23514", await rig.Refusal($"update cdp.campaigns set budget = -1 where id = {campaign}"));
        Assert.Equal("23514", await rig.Refusal($"update cdp.campaigns set max_sends = -1 where id = {campaign}"));
        Assert.Equal("23514", await rig.Refusal($"update cdp.campaigns set is_ab_test = true where id = {campaign}"));
        Assert.Equal(1, await rig.Db.Run($"update cdp.campaigns set start_date = '2026-01-01', end_date = '2026-02-01', budget = 10 where id = {campaign}", Ct));
    }

    [Fact]
    public async Task Defect_056_Only_what_somebody_approved_runs()
    {
        var campaign = await rig.Campaign();
        Assert.Equal("23514", await rig.Refusal($"update cdp.campaigns set status = 'active' where id = {campaign}"));
        Assert.Equal("CL001", await rig.Refusal($"update cdp.campaigns set approval_status = 'approved' where id = {campaign}", rig.Marketer));
        await rig.Db.Run($"update cdp.campaigns set approval_status = 'pending_approval' where id = {campaign}", Ct);
        // Nobody is nobody's approver.
        Assert.Equal("23514", await rig.Refusal($"update cdp.campaigns set approval_status = 'approved' where id = {campaign}"));
        Assert.Equal("23514", await rig.Refusal($"update cdp.campaigns set approval_status = 'rejected' where id = {campaign}"));
        await rig.For(rig.Marketer).Run($"update cdp.campaigns set approval_status = 'rejected', rejection_reason = 'Too long' where id = {campaign}", Ct);
        Assert.Equal("23514", await rig.Refusal($"update cdp.campaigns set status = 'active' where id = {campaign}"));
        await rig.Db.Run($"update cdp.campaigns set approval_status = 'pending_approval' where id = {campaign}", Ct);
        await rig.For(rig.Marketer).Run($"update cdp.campaigns set approval_status = 'approved' where id = {campaign}", Ct);
        Assert.Equal(rig.Marketer.ActorId, await rig.Db.One<Guid>($"select c.approved_by from cdp.campaigns c where c.id = {campaign} and c.approved_at is not null and c.rejection_reason is null", Ct));

        // What was approved is what is sent.
        Assert.Equal("CL004", await rig.Refusal($"""update cdp.campaigns set message_content = {"""{"subject": "Other"}"""}::jsonb where id = {campaign}"""));
        await rig.Db.Run($"update cdp.campaigns set status = 'active' where id = {campaign}", Ct);
        Assert.Equal("23514", await rig.Refusal($"update cdp.campaigns set approval_status = 'draft' where id = {campaign}"));
        await rig.Db.Run($"update cdp.campaigns set status = 'paused' where id = {campaign}", Ct);
        await rig.Db.Run($"update cdp.campaigns set status = 'active' where id = {campaign}", Ct);
        await rig.Db.Run($"update cdp.campaigns set status = 'completed' where id = {campaign}", Ct);
        Assert.Equal("CL001", await rig.Refusal($"update cdp.campaigns set status = 'active' where id = {campaign}"));
        Assert.Equal("CL001", await rig.Refusal($"insert into cdp.campaigns (name, campaign_type, channel, message_content, status) values ('x', 'email', 'email', {"{}"}::jsonb, 'completed')"));
        Assert.Equal(["draft > active", "active > paused", "paused > active", "active > completed"], await rig.Db.List<string>($"""
            select (e.properties ->> 'from') || ' > ' || (e.properties ->> 'to') from log.events e where e.event_type = 'campaign_status_changed' and e.properties ->> 'id' = {campaign.ToString()} order by e.occurred_at
            """, Ct));
    }

    [Fact]
    public async Task Nobody_approves_in_somebody_elses_name()
    {
        var campaign = await rig.Campaign();
        await rig.Db.Run($"update cdp.campaigns set approval_status = 'pending_approval' where id = {campaign}", Ct);
        var key = rig.Alpha with { Access = Access.Key, ActorId = null };
        Assert.Equal("42501", await rig.Refusal($"update cdp.campaigns set approval_status = 'approved', approved_by = {rig.Marketer.ActorId} where id = {campaign}", key));
        Assert.Equal("42501", await rig.Refusal($"update messaging.campaigns set approval_status = 'approved', approved_by = {rig.Marketer.ActorId} where id = {campaign}", rig.Alpha with { Access = Access.Admin, ActorId = null }));
        var approver = rig.Marketer with { ActorId = await rig.Person(rig.Alpha, "approver") };
        await rig.For(approver).Run($"update cdp.campaigns set approval_status = 'approved', approved_by = {rig.Colleague.ActorId} where id = {campaign}", Ct);
        Assert.Equal(approver.ActorId, await rig.Db.One<Guid>($"select c.approved_by from cdp.campaigns c where c.id = {campaign}", Ct));
        // Nor afterwards.
        foreach (var whoever in new[] { key, rig.Colleague })
        {
            Assert.Equal("CL004", await rig.Refusal($"update messaging.campaigns set approved_by = {rig.Colleague.ActorId} where id = {campaign}", whoever));
            Assert.Equal("CL004", await rig.Refusal($"update messaging.campaigns set approved_by = null where id = {campaign}", whoever));
            Assert.Equal("CL004", await rig.Refusal($"update cdp.campaigns set approved_at = '2020-01-01' where id = {campaign}", whoever));
        }
        // Only when the account goes.
        await rig.Service.Run($"delete from platform.platform_users where id = {approver.ActorId}", Ct);
        Assert.True(await rig.Db.One<bool>($"select c.approved_by is null and c.approved_at is not null from cdp.campaigns c where c.id = {campaign}", Ct));

        // The platform may: it brings in what was approved elsewhere.
        campaign = await rig.Campaign();
        await rig.Db.Run($"update cdp.campaigns set approval_status = 'pending_approval' where id = {campaign}", Ct);
        await rig.Db.Run($"update cdp.campaigns set approval_status = 'approved', approved_by = {rig.Marketer.ActorId} where id = {campaign}", Ct);
    }

    [Fact]
    public async Task Defect_057_Segments_and_templates_of_a_campaign_are_there()
    {
        Guid[] segments = [await rig.Segment(), await rig.Segment(), await rig.Segment()];
        var campaign = await rig.Db.One<Guid>($"""
            insert into cdp.campaigns (name, campaign_type, channel, message_content, target_segments, exclusion_segments)
            values ('To some', 'email', 'email', {"{}"}::jsonb, {segments[..2]}, {segments[2..]}) returning id
            """, Ct);
        Assert.Equal([.. segments[..2].Order()], (await rig.Db.One<Guid[]>($"select c.target_segments from cdp.campaigns c where c.id = {campaign}", Ct)).Order());
        Assert.Equal(segments[2..], await rig.Db.One<Guid[]>($"update cdp.campaigns c set target_segments = {segments[1..2]}, name = 'To fewer' where c.id = {campaign} returning c.exclusion_segments", Ct));
        Assert.Equal((segments[1], "To fewer"), (await rig.Db.One<Guid>($"select s.segment_id from messaging.campaign_segments s where s.campaign_id = {campaign} and s.role = 'target'", Ct),
            await rig.Db.One<string>($"select c.name from cdp.campaigns c where c.id = {campaign}", Ct)));

        Assert.Equal("23503", await rig.Refusal($"update cdp.campaigns set target_segments = {new[] { Guid.NewGuid() }} where id = {campaign}"));
        Assert.Equal("23503", await rig.Refusal($"update cdp.campaigns set target_segments = {new[] { await rig.Segment(rig.Beta) }} where id = {campaign}"));
        Assert.Equal("23514", await rig.Refusal($"update cdp.campaigns set target_segments = {segments[..1]}, exclusion_segments = {segments[..1]} where id = {campaign}"));
        Assert.Equal("23503", await rig.Refusal($"delete from analytics.segments where id = {segments[2]}"));
        Assert.Equal("23503", await rig.Refusal($"update cdp.campaigns set content_template_id = {Guid.NewGuid()} where id = {campaign}"));
        Assert.Equal("CL006", await rig.Refusal($"update cdp.campaigns set total_sent = 5 where id = {campaign}"));

        // An approved campaign keeps its audience.
        await rig.Db.Run($"update cdp.campaigns set approval_status = 'pending_approval' where id = {campaign}", Ct);
        await rig.For(rig.Marketer).Run($"update cdp.campaigns set approval_status = 'approved' where id = {campaign}", Ct);
        Assert.Equal("CL004", await rig.Refusal($"delete from messaging.campaign_segments where campaign_id = {campaign}"));
        Assert.Equal("CL004", await rig.Refusal($"update cdp.campaigns set exclusion_segments = '{{}}' where id = {campaign}"));
        await rig.Db.Run($"update cdp.campaigns set approval_status = 'draft' where id = {campaign}", Ct);
        Assert.Equal(1, await rig.Db.Run($"delete from cdp.campaigns where id = {campaign}", Ct));
        Assert.Equal(0, await rig.Db.One<long>($"select count(*) from messaging.campaign_segments s where s.campaign_id = {campaign}", Ct));
    }

    [Fact]
    public async Task Defect_058_Deleting_a_campaign_does_not_delete_what_was_sent_and_staff_can_go()
    {
        var person = await rig.Person(rig.Alpha, "leaver");
        var campaign = await rig.For(rig.Marketer with { ActorId = person }).One<Guid>($"insert into cdp.campaigns (name, campaign_type, channel, message_content) values ('x', 'sms', 'sms', {"{}"}::jsonb) returning id", Ct);
        Assert.Equal(person, await rig.Db.One<Guid>($"select c.created_by from cdp.campaigns c where c.id = {campaign}", Ct));
        await rig.Db.Run($"insert into cdp.campaign_sends (campaign_id, customer_id) values ({campaign}, {await rig.Customer()})", Ct);
        Assert.Equal("23503", await rig.Refusal($"delete from cdp.campaigns where id = {campaign}"));
        await rig.Service.Run($"delete from platform.platform_users where id = {person}", Ct);
        Assert.Equal(1, (await TotalsOf(campaign)).TotalTargeted);
        Assert.Equal(1, await rig.Db.One<long>($"select count(*) from cdp.campaigns c where c.id = {campaign} and c.created_by is null", Ct));
    }

    [Fact]
    public async Task Defect_058_A_whole_organization_can_be_deleted()
    {
        var organization = await rig.Service.One<Guid>($"insert into platform.organizations (slug, name) values ({"gone-" + Guid.NewGuid().ToString("N")}, 'Gone') returning id", Ct);
        var gone = rig.Alpha with { OrganizationId = organization, WorkspaceId = null };
        var (campaign, customer) = (await rig.Campaign(gone), await rig.Customer(gone));
        var segment = await rig.Segment(gone);
        await rig.For(gone).Run($"insert into messaging.campaign_segments (campaign_id, segment_id) values ({campaign}, {segment})", Ct);
        await rig.For(gone).Run($"update messaging.campaigns set approval_status = 'pending_approval'", Ct);
        await rig.For(gone with { ActorId = rig.Marketer.ActorId }).Run($"update messaging.campaigns set approval_status = 'approved'", Ct);
        var send = await rig.For(gone).One<Guid>($"insert into messaging.campaign_sends (campaign_id, customer_id) values ({campaign}, {customer}) returning id", Ct);
        await rig.For(gone).Run($"insert into messaging.messages (customer_id, campaign_send_id, body) values ({customer}, {send}, 'x')", Ct);
        await rig.For(gone).Run($"insert into wolo.notification_templates (template_key, name, body_text) values ('k', 'k', {"Hello {{name}}"})", Ct);
        await rig.Service.Run($"delete from platform.organizations where id = {organization}", Ct);
        Assert.Equal(0, await rig.Service.One<long>($"""
            select (select count(*) from messaging.messages m where m.organization_id = {organization}) + (select count(*) from messaging.campaign_totals m where m.organization_id = {organization})
                 + (select count(*) from messaging.campaign_sends m where m.organization_id = {organization}) + (select count(*) from messaging.template_versions m where m.organization_id = {organization})
            """, Ct));
    }

    [Fact]
    public async Task Defect_076_The_history_of_a_send_is_in_the_log()
    {
        var campaign = await rig.Campaign();
        var one = await rig.Customer();
        await rig.Db.Run($"insert into cdp.campaign_sends (campaign_id, customer_id) values ({campaign}, {one})", Ct);
        foreach (var state in new[] { "failed", "queued", "sent", "delivered", "delivered" })
            await rig.Db.Run($"update cdp.campaign_sends set send_status = {state} where campaign_id = {campaign}", Ct);
        Assert.Equal(["queued > failed", "failed > queued", "queued > sent", "sent > delivered"], await rig.Db.List<string>($"""
            select (e.properties ->> 'from') || ' > ' || (e.properties ->> 'to') from log.events e where e.event_type = 'campaign_send_changed' and e.customer_id = {one} order by e.occurred_at
            """, Ct));
        Assert.Equal("CL001", await rig.Refusal($"update cdp.campaign_sends set send_status = 'queued' where campaign_id = {campaign}"));
    }

    [Theory]
    [InlineData("update cdp.campaign_sends set send_status = 'banana'", "CL001")]
    [InlineData("update cdp.campaign_sends set total_clicks = -1", "23514")]
    [InlineData("update cdp.campaign_sends set first_click_at = '2026-01-02', last_click_at = '2026-01-01'", "23514")]
    [InlineData("update cdp.campaign_sends set conversion_value = 5", "23514")]
    [InlineData("update cdp.campaign_sends set delivery_attempt = 0", "23514")]
    [InlineData("insert into cdp.campaigns (name, campaign_type, channel, message_content) values ('x', 'pigeon', 'email', '{}')", "23514")]
    [InlineData("insert into cdp.campaigns (name, campaign_type, channel, message_content) values ('x', 'email', 'email', '[]')", "23514")]
    [InlineData("insert into cdp.campaigns (name, campaign_type, channel, message_content, target_audience_type) values ('x', 'email', 'email', '{}', 'everybody')", "23514")]
    public async Task Defect_085_Words_and_numbers_that_mean_nothing_are_refused(string statement, string state)
    {
        await rig.Db.Run($"insert into cdp.campaign_sends (campaign_id, customer_id) values ({await rig.Campaign()}, {await rig.Customer()})", Ct);
        Assert.Equal(state, await rig.Refusal(Sql.Composed(statement)));
    }

    [Fact]
    public async Task A_campaign_never_sends_more_than_it_may_under_eight_writers()
    {
        var campaign = await rig.Campaign(most: 50);
        var people = await rig.Customers(160);
        var taken = await Rig.Eight(async n =>
        {
            var made = 0;
            foreach (var person in people[(n * 20)..(n * 20 + 20)])
                if (await Try($"insert into cdp.campaign_sends (campaign_id, customer_id) values ({campaign}, {person})") is "") made++;
            return made;
        });
        Assert.Equal(50, taken.Sum());
        Assert.Equal(50, (await TotalsOf(campaign)).TotalTargeted);
        Assert.Equal("CL003", await rig.Refusal($"insert into cdp.campaign_sends (campaign_id, customer_id) values ({campaign}, {await rig.Customer()})"));
        // A batch that does not fit goes in not at all; after there is room again, it does.
        await rig.Db.Run($"delete from messaging.campaign_sends where campaign_id = {campaign} and customer_id in (select s.customer_id from messaging.campaign_sends s where s.campaign_id = {campaign} limit 2)", Ct);
        Assert.Equal("CL003", await rig.Refusal($"insert into cdp.campaign_sends (campaign_id, customer_id) select {campaign}, p from unnest({await rig.Customers(3)}) as p"));
        Assert.Equal(2, await rig.Db.Run($"insert into cdp.campaign_sends (campaign_id, customer_id) select {campaign}, p from unnest({await rig.Customers(2)}) as p", Ct));
    }

    [Fact]
    public async Task A_campaign_sends_no_more_a_day_than_it_may_under_eight_writers()
    {
        var campaign = await rig.Campaign(mostADay: 30);
        var people = await rig.Customers(80);
        var taken = await Rig.Eight(async n =>
        {
            var made = 0;
            for (var at = n * 10; at < n * 10 + 10; at += 2)
                if (await Try($"insert into cdp.campaign_sends (campaign_id, customer_id) select {campaign}, p from unnest({people[at..(at + 2)]}) as p") is "") made += 2;
            return made;
        });
        Assert.Equal(30, taken.Sum());
        Assert.Equal(30, (await TotalsOf(campaign)).TotalTargeted);
        Assert.Equal("CL003", await rig.Refusal($"insert into cdp.campaign_sends (campaign_id, customer_id) values ({campaign}, {await rig.Customer()})"));
        Assert.Equal(0, await Drift());
    }

    [Fact]
    public async Task A_late_report_fills_in_what_came_before_it()
    {
        var campaign = await rig.Campaign();
        await rig.Db.Run($"insert into cdp.campaign_sends (campaign_id, customer_id) values ({campaign}, {await rig.Customer()})", Ct);
        await rig.Db.Run($"update cdp.campaign_sends set first_click_at = '2026-03-01', total_clicks = 2 where campaign_id = {campaign}", Ct);
        Assert.Equal(new Totals(1, 1, 1, 0, 1, 1, 0, 0), await TotalsOf(campaign));
    }

    [Fact]
    public async Task Marketing_campaigns_of_jyotiflow_are_the_same_rows()
    {
        var id = await rig.Db.One<Guid>($"insert into jyotiflow.marketing_campaigns (name, campaign_type, channel, message_content) values ('Moon', 'email', 'email', {"{}"}::jsonb) returning id", Ct);
        Assert.Equal("Moon", await rig.Db.One<string>($"select c.name from cdp.campaigns c where c.id = {id}", Ct));
        Assert.Equal(0, await rig.For(rig.Beta).One<long>($"select count(*) from jyotiflow.marketing_campaigns c where c.name = 'Moon'", Ct));
    }

    private async Task<string> Try(Sql sql)
    {
        try
        {
            await rig.Db.Run(sql, Ct);
            return "";
        }
        catch (PostgresException e) { return e.SqlState; }
    }
}
