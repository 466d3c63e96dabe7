using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Clientele.Testing;

namespace Clientele.Blueprints.Tests;

/// <summary>
/// The sample queries of the customer data platform over a data set small enough to work the answers out by hand. Today is
/// 15 March 2026 in Paris. Another organization has the same customers with a hundred times the money and twice the events.
/// </summary>
public sealed class CdpQueriesTests(CdpQueriesTests.Database database) : IClassFixture<CdpQueriesTests.Database>
{
    public sealed class Database : TestDatabase
    {
        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            await Service.Run($"update platform.organizations set time_zone = 'Europe/Paris', currency = 'EUR'", CancellationToken.None);
            foreach (var (tenant, factor) in new[] { (Alpha, 1), (Beta, 100) })
            {
                var db = For(tenant);
                // p3 and p9 came half an hour before midnight in UTC: the next day in Paris.
                await db.Run($"""
                    insert into customers.customers (customer_id, name, customer_status, lifecycle_stage, first_seen_at, churned_at, engagement_score, churn_risk_score)
                    select v.id, 'Name of ' || v.id, v.status, v.stage, v.seen::timestamptz, v.churned::timestamptz, v.engagement, v.risk
                    from (values
                        ('p1',  'active',    'engaged',   '2026-01-05T12:00Z', null,                80, 0),
                        ('p2',  'active',    'at_risk',   '2026-01-20T12:00Z', null,                50, 40),
                        ('p3',  'active',    'new',       '2026-01-31T23:30Z', null,                90, 0),
                        ('p4',  'active',    'activated', '2026-01-15T12:00Z', null,                60, 0),
                        ('p5',  'churned',   'churned',   '2026-01-10T12:00Z', '2026-03-01T12:00Z', 0,  100),
                        ('p6',  'churned',   'churned',   '2025-12-10T12:00Z', '2026-03-05T12:00Z', 0,  100),
                        ('p7',  'active',    'new',       '2026-03-12T12:00Z', null,                0,  0),
                        ('p8',  'active',    'new',       '2026-03-13T12:00Z', null,                0,  0),
                        ('p9',  'active',    'new',       '2026-03-07T23:30Z', null,                0,  0),
                        ('p10', 'active',    'new',       '2026-03-07T12:00Z', null,                0,  0),
                        ('p11', 'suspended', 'new',       '2026-02-01T12:00Z', null,                0,  0),
                        ('p12', 'active',    'engaged',   '2026-02-10T12:00Z', null,                40, 20)
                    ) as v (id, status, stage, seen, churned, engagement, risk)
                    """, CancellationToken.None);
                await db.Run($"""
                    insert into commerce.customer_orders (workspace_id, order_id, customer_id, order_status, order_total, subtotal, currency, exchange_rate, ordered_at)
                    select w.id, v.id, c.id, v.status, v.total * {factor}, v.total * {factor}, v.currency, v.rate, v.at::timestamptz
                    from (values
                        ('o1',  'p1',  'delivered', 600,  'EUR', 1,   '2026-01-10T12:00Z'),
                        ('o2',  'p1',  'delivered', 600,  'EUR', 1,   '2026-03-01T12:00Z'),
                        ('o3',  'p2',  'delivered', 400,  'EUR', 1,   '2026-02-03T12:00Z'),
                        ('o4',  'p2',  'delivered', 400,  'EUR', 1,   '2026-02-20T12:00Z'),
                        ('o5',  'p3',  'pending',   5000, 'EUR', 1,   '2026-03-14T12:00Z'),
                        ('o6',  'p4',  'delivered', 700,  'EUR', 1,   '2026-01-15T12:00Z'),
                        ('o7',  'p4',  'delivered', 10,   'EUR', 1,   '2026-01-31T23:30Z'),
                        ('o8',  'p6',  'delivered', 50,   'EUR', 1,   '2025-03-20T12:00Z'),
                        ('o9',  'p12', 'delivered', 500,  'USD', 1.2, '2026-03-14T12:00Z'),
                        ('o10', 'p2',  'cancelled', 9999, 'EUR', 1,   '2026-03-10T12:00Z')
                    ) as v (id, customer, status, total, currency, rate, at)
                    join customers.customers c on c.customer_id = v.customer
                    cross join (select w.id from platform.workspaces w order by w.created_at limit 1) as w
                    """, CancellationToken.None);
                await db.Run($"""
                    insert into log.events (organization_id, event_type, event_name, customer_id, occurred_at)
                    select platform.organization(), 'page_view', 'Page view', c.id, v.at::timestamptz + n * interval '1 second'
                    from (values ('p1', 1, '2026-02-15T12:00Z'), ('p1', 1, '2026-03-10T12:00Z'), ('p2', 1, '2026-02-03T12:00Z'), ('p3', 1, '2026-03-14T12:00Z'),
                                 ('p7', 4, '2026-03-13T12:00Z'), ('p8', 5, '2026-03-14T22:30Z')) as v (customer, times, at)
                    join customers.customers c on c.customer_id = v.customer
                    cross join generate_series(1, v.times * {(factor == 1 ? 1 : 2)}) as n
                    """, CancellationToken.None);
                // p4 was never seen again: nothing is known of them but when they came.
                await Service.Run($"""
                    update customers.customer_figures f set last_seen_at = v.at::timestamptz
                    from (values ('p1', '2026-03-10T12:00Z'), ('p2', '2026-02-01T12:00Z'), ('p12', '2026-03-15T11:00Z')) as v (customer, at), customers.customers c
                    where c.organization_id = {tenant.OrganizationId} and c.customer_id = v.customer and f.organization_id = c.organization_id and f.customer_id = c.id
                    """, CancellationToken.None);
                await Service.Run($"delete from customers.customer_figures f using customers.customers c where c.organization_id = {tenant.OrganizationId} and c.customer_id = 'p4' and f.customer_id = c.id", CancellationToken.None);
            }
        }

        public async Task<Tenant> Approver(Tenant of)
        {
            var id = await Service.One<Guid>($"insert into platform.platform_users (email, name) values (gen_random_uuid()::text || '@x.example', 'Approver') returning id", CancellationToken.None);
            await Service.Run($"insert into platform.organization_members (organization_id, user_id, role) values ({of.OrganizationId}, {id}, 'admin')", CancellationToken.None);
            return new Tenant(of.OrganizationId, id, Access.Admin);
        }
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private sealed record Totals(long CurrentTotal, long PreviousTotal, long Change, decimal PercentageChange);

    [Fact]
    public async Task Defect_029_Customers_who_left_were_customers_before()
    {
        // 15 March: nine active. 13 February: p1 to p6 without p3's future, p12; p5 and p6 had not left yet.
        Assert.Equal(new Totals(9, 7, 2, 28.57m), await database.Db.One<Totals>($"select * from cdp.total_customers('2026-03-15')", Ct));
        // 6 March: p1 to p4 and p12. 4 February: p1 to p6. Two left, one came.
        Assert.Equal(new Totals(5, 6, -1, -16.67m), await database.Db.One<Totals>($"select * from cdp.total_customers('2026-03-06')", Ct));
        Assert.Equal(new Totals(0, 0, 0, 0), await database.Db.One<Totals>($"select * from cdp.total_customers('2020-01-01')", Ct));
    }

    private sealed record Month(DateOnly Month_, decimal Revenue, long Orders, decimal? AvgOrderValue, long UniqueCustomers);

    [Fact]
    public async Task Defect_021_027_030_Twelve_whole_months_each_with_a_row_in_one_currency()
    {
        var months = await database.Db.List<Month>($"select m.month as month_, m.* from cdp.monthly_revenue(12, '2026-03-15') as m", Ct);
        Assert.Equal(12, months.Count);
        Assert.Equal(new Month(new(2025, 4, 1), 0, 0, null, 0), months[0]);
        Assert.Equal([
            new(new(2026, 1, 1), 1300, 2, 650, 2),
            // o7 was placed on 1 February in Paris.
            new(new(2026, 2, 1), 810, 3, 270, 2),
            new(new(2026, 3, 1), 1200, 2, 600, 2),
        ], months[9..]);
        Assert.Equal(600, (await database.Db.List<Month>($"select m.month as month_, m.* from cdp.monthly_revenue(1, '2026-03-13') as m", Ct)).Single().Revenue);
    }

    private sealed record Stage(string LifecycleStage, long CustomerCount, decimal Percentage, decimal AvgRevenue, decimal AvgEngagement);

    [Fact]
    public async Task Lifecycle_stages_of_active_customers() => Assert.Equal([
        new("new", 5, 55.56m, 0, 18),
        new("engaged", 2, 22.22m, 900, 60),
        new("activated", 1, 11.11m, 710, 60),
        new("at_risk", 1, 11.11m, 800, 50),
    ], await database.Db.List<Stage>($"select * from cdp.lifecycle_distribution()", Ct));

    private sealed record Retention(DateOnly CohortMonth, long CohortSize, int PeriodNumber, long RetainedCustomers, decimal RetentionRate);

    [Fact]
    public async Task Defect_024_025_026_027_Retention_by_whole_months_of_everybody_who_came() => Assert.Equal([
        // January: p1, p2, p4, p5, of whom p5 never did anything; an order is something done, be it cancelled (p2 in March).
        new(new(2026, 1, 1), 4, 0, 4, 1),
        new(new(2026, 1, 1), 4, 1, 3, 0.75m),
        new(new(2026, 1, 1), 4, 2, 2, 0.5m),
        // February in Paris: p3, p11, p12.
        new(new(2026, 2, 1), 3, 0, 3, 1),
        new(new(2026, 2, 1), 3, 1, 2, 0.66666667m),
        new(new(2026, 3, 1), 4, 0, 4, 1),
    ], await database.Db.List<Retention>($"select * from cdp.retention_cohorts('2026-01-01', '2026-03-15')", Ct));

    [Fact]
    public async Task Defect_026_Months_in_which_nobody_came_back_are_nothing_and_not_missing()
    {
        var december = await database.Db.List<Retention>($"select r.* from cdp.retention_cohorts('2025-12-01', '2026-03-15') as r where r.cohort_month = '2025-12-01'", Ct);
        Assert.Equal([(0, 1), (1, 0), (2, 0), (3, 0)], december.Select(r => (r.PeriodNumber, (int)r.RetainedCustomers)));
    }

    private sealed record Revenue(DateOnly CohortMonth, int PeriodNumber, long ActiveCustomers, decimal TotalRevenue, decimal? AvgRevenuePerCustomer, decimal CumulativeRevenue);

    [Fact]
    public async Task Defect_024_028_Revenue_of_cohorts_is_per_customer_and_adds_up() => Assert.Equal([
        new(new(2026, 1, 1), 0, 2, 1300, 650, 1300),
        // Three orders of two customers.
        new(new(2026, 1, 1), 1, 2, 810, 405, 2110),
        new(new(2026, 1, 1), 2, 1, 600, 600, 2710),
        new(new(2026, 2, 1), 0, 0, 0, null, 0),
        new(new(2026, 2, 1), 1, 1, 600, 600, 600),
        new(new(2026, 3, 1), 0, 0, 0, null, 0),
    ], await database.Db.List<Revenue>($"select * from cdp.revenue_cohorts('2026-01-01', '2026-03-15')", Ct));

    private sealed record HighValue(string CustomerId, decimal TotalRevenue, decimal LifetimeValue, long TotalOrders, int EngagementScore);

    [Fact]
    public async Task High_value_customers() =>
        Assert.Equal([new("p1", 1200, 1200, 2, 80)], await database.Db.List<HighValue>($"select * from cdp.high_value_customers('2026-03-15')", Ct));

    private sealed record AtRisk(string CustomerId, decimal TotalRevenue, int ChurnRiskScore, int DaysSinceLastSeen);

    [Fact]
    public async Task Defect_005_011_035_At_risk_are_those_unseen_and_those_never_seen_again_not_who_is_there_now() => Assert.Equal([
        // p4 was never seen after the day they came, 59 days ago. p12 was here an hour ago.
        new("p2", 800, 40, 42),
        new("p4", 710, 0, 59),
    ], await database.Db.List<AtRisk>($"select * from cdp.at_risk_customers('2026-03-15')", Ct));

    private sealed record Onboarding(string CustomerId, long TotalOrders, string LifecycleStage, long TotalEvents);

    [Fact]
    public async Task New_customers_who_need_onboarding() => Assert.Equal([
        new("p7", 0, "new", 4),
        // 8 March in Paris, seven days ago; p10 came on the 7th, p8 did five things.
        new("p9", 0, "new", 0),
    ], await database.Db.List<Onboarding>($"select * from cdp.onboarding_customers('2026-03-15')", Ct));

    private sealed record Day(DateOnly MetricDate, long DailyActiveCustomers, long TotalEvents, long Purchases, decimal DailyRevenue, long NewSignups);

    [Fact]
    public async Task Defect_027_034_038_Every_day_has_a_row_and_money_one_source()
    {
        var days = await database.Db.List<Day>($"select * from cdp.daily_metrics('2026-03-15', 90)", Ct);
        Assert.Equal(91, days.Count);
        var by = days.ToDictionary(d => d.MetricDate);
        // p8's five events are after eleven in the evening in Paris, still the 14th; p3 looked and ordered, p12 ordered.
        Assert.Equal(new Day(new(2026, 3, 14), 3, 8, 1, 600, 0), by[new(2026, 3, 14)]);
        Assert.Equal(new Day(new(2026, 3, 13), 1, 4, 0, 0, 1), by[new(2026, 3, 13)]);
        Assert.Equal(new Day(new(2026, 3, 8), 0, 0, 0, 0, 1), by[new(2026, 3, 8)]);
        Assert.Equal(new Day(new(2026, 3, 9), 0, 0, 0, 0, 0), by[new(2026, 3, 9)]);
        Assert.Equal(3310, days.Sum(d => d.DailyRevenue));
        Assert.Equal(await database.Db.One<decimal>($"select sum(m.revenue) from cdp.monthly_revenue(3, '2026-03-15') as m", Ct), days.Sum(d => d.DailyRevenue));
        Assert.Equal(91, await database.Db.One<int>($"select count(*)::int from cdp.daily_metrics_summary", Ct));
        // The line chart of the examples, with the day it groups by.
        Assert.Equal(["2026-03-08 1", "2026-03-12 1", "2026-03-13 1"], await database.Db.List<string>($"""
            select concat_ws(' ', (c.first_seen_at at time zone 'Europe/Paris')::date, count(*)) from cdp.customers c
            where c.first_seen_at >= '2026-03-07T23:00Z' group by (c.first_seen_at at time zone 'Europe/Paris')::date order by 1
            """, Ct));
    }

    [Fact]
    public async Task The_functions_of_the_document_are_there()
    {
        var id = await database.Db.One<Guid>($"select c.id from cdp.customers c where c.customer_id = 'p1'", Ct);
        Assert.Equal(await database.Db.One<int>($"select analytics.engagement_score({id})", Ct), await database.Db.One<int>($"select cdp.calculate_engagement_score({id})", Ct));
        Assert.Null(await database.Db.One<int?>($"select cdp.calculate_engagement_score({Guid.CreateVersion7()})", Ct));
        var segment = await database.Db.One<Guid>($"""
            insert into cdp.segments (name, criteria) values ('Early', {new Json("""{"conditions": [{"field": "first_seen_at", "operator": "<", "value": "2026-02-01", "type": "date"}]}""")}) returning id
            """, Ct);
        Assert.Equal(5, await database.Db.One<int>($"select cdp.refresh_segment_memberships({segment})", Ct));
        Assert.Equal(["p1", "p2", "p4", "p5", "p6"], await database.Db.List<string>($"""
            select c.customer_id from cdp.segment_memberships m join cdp.customers c on c.id = m.customer_id where m.segment_id = {segment} and m.is_active order by 1
            """, Ct));
        Assert.Equal(5, await database.Db.One<long>($"select s.customer_count from cdp.segments s where s.id = {segment}", Ct));
    }
}

/// <summary>Campaigns by what came of them.</summary>
public sealed class CdpCampaignQueriesTests(CdpQueriesTests.Database database) : IClassFixture<CdpQueriesTests.Database>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static async Task<Guid> Campaign(Db db, string name, string start, decimal? budget, bool runs = true, Guid? segment = null)
    {
        var id = await db.One<Guid>($"""
            insert into messaging.campaigns (name, campaign_type, channel, start_date, message_content, budget) values ({name}, 'email', 'email', {start}::timestamptz, jsonb_build_object(), {budget}) returning id
            """, Ct);
        if (segment is not null) await db.Run($"insert into messaging.campaign_segments (campaign_id, segment_id) values ({id}, {segment})", Ct);
        if (!runs) return id;
        await db.Run($"update messaging.campaigns set approval_status = 'pending_approval' where id = {id}", Ct);
        await db.Run($"update messaging.campaigns set approval_status = 'approved' where id = {id}", Ct);
        await db.Run($"update messaging.campaigns set status = 'active' where id = {id}", Ct);
        return id;
    }

    private static async Task Send(Db db, Guid campaign, string customer, string sent, string? delivered = null, string? opened = null, string? clicked = null, string? converted = null, decimal? value = null, string status = "sent") =>
        await db.Run($"""
            insert into messaging.campaign_sends (campaign_id, customer_id, send_status, sent_at, delivered_at, opened_at, first_click_at, total_clicks, converted_at, conversion_value)
            select {campaign}, c.id, {status}, {sent}::timestamptz, {delivered}::timestamptz, {opened}::timestamptz, {clicked}::timestamptz, {(clicked is null ? 0 : 3)}, {converted}::timestamptz, {value}
            from customers.customers c where c.customer_id = {customer}
            """, Ct);

    private sealed record Top(string Name, long TotalSent, long TotalOpened, long TotalClicked, long TotalConverted, decimal TotalRevenueAttributed, decimal? OpenRate, decimal? ClickRate, decimal? ConversionRate);

    private sealed record Performance(string Name, long TotalSent, long TotalDelivered, decimal? DeliveryRate, decimal? OpenRate, decimal? ClickRate, decimal? ConversionRate, decimal? RoiPercentage);

    [Fact]
    public async Task Defect_023_031_032_Campaigns_rank_by_what_came_in_and_rates_are_defined_once()
    {
        var segment = Guid.Empty;
        foreach (var (tenant, factor) in new[] { (database.Alpha, 1), (database.Beta, 100) })
        {
            var db = database.For(await database.Approver(tenant));
            segment = await db.One<Guid>($"insert into cdp.segments (name, criteria) values ('All', jsonb_build_object()) returning id", Ct);
            var old = await Campaign(db, "Begun last summer", "2025-06-01T00:00Z", 40, segment: segment);
            await Send(db, old, "p1", "2026-03-01T12:00Z", "2026-03-01T12:01Z", "2026-03-02T12:00Z", "2026-03-02T12:01Z", "2026-03-03T12:00Z", 100 * factor, "delivered");
            await Send(db, old, "p2", "2026-03-01T12:00Z", "2026-03-01T12:01Z", "2026-03-02T12:00Z", status: "delivered");
            await Send(db, old, "p3", "2026-03-01T12:00Z", status: "bounced");
            await Send(db, old, "p4", "2025-12-01T12:00Z", "2025-12-01T12:01Z", "2026-03-05T12:00Z", status: "delivered");
            await Send(db, old, "p5", "2026-03-01T12:00Z", "2026-03-01T12:01Z", status: "delivered");
            var quiet = await Campaign(db, "Quiet of late", "2026-03-01T00:00Z", null);
            await Send(db, quiet, "p1", "2026-01-05T12:00Z", "2026-01-05T12:01Z", "2026-01-05T13:00Z", converted: "2026-01-06T12:00Z", value: 900 * factor, status: "delivered");
            var small = await Campaign(db, "Small", "2026-03-01T00:00Z", 0, segment: segment);
            await Send(db, small, "p1", "2026-03-01T12:00Z", converted: "2026-03-04T12:00Z", value: 50 * factor);
            await Campaign(db, "Draft", "2026-03-01T00:00Z", 10, runs: false, segment: segment);
        }
        Assert.Equal([
            // Of the three delivered in these days two were opened; of the four sent one bought.
            new("Begun last summer", 4, 3, 1, 1, 100, 0.66666667m, 0.33333333m, 0.25m),
            new("Small", 1, 0, 0, 1, 50, null, null, 1),
        ], await database.Db.List<Top>($"select * from cdp.top_campaigns(30, '2026-03-15')", Ct));
        Assert.Equal("Quiet of late", (await database.Db.List<Top>($"select * from cdp.top_campaigns(90, '2026-03-15')", Ct))[0].Name);

        var all = await database.Db.List<Performance>($"select * from cdp.campaign_performance_summary order by name", Ct);
        Assert.Equal(4, all.Count);
        Assert.Equal(new Performance("Begun last summer", 5, 4, 0.8m, 0.75m, 0.25m, 0.2m, 150), all[0]);
        Assert.Equal(0, all[1].TotalSent);
        Assert.True(all[1] is { OpenRate: null or 0, DeliveryRate: null or 0 });
        Assert.Null(all[3].RoiPercentage);

        // Used by two campaigns that ran; a draft is no use.
        segment = await database.Db.One<Guid>($"select s.id from cdp.segments s where s.name = 'All'", Ct);
        Assert.Equal("2 2026-03-01", await database.Db.One<string>($"select concat_ws(' ', s.times_used_in_campaigns, s.last_used_at::date) from cdp.segments s where s.id = {segment}", Ct));
    }
}

/// <summary>The customer summary is of now, so its data are too.</summary>
public sealed class CdpSummaryTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private sealed record Summary(string CustomerId, long TotalOrders, decimal TotalRevenue, int DaysSinceLastSeen, bool ActiveLast7Days, bool PurchasedLast30Days);

    [Fact]
    public async Task Defect_004_033_035_047_A_summary_is_worked_out_when_it_is_read()
    {
        await database.Service.Run($"update platform.organizations set time_zone = 'Asia/Tokyo'", Ct);
        foreach (var (tenant, factor) in new[] { (database.Alpha, 1), (database.Beta, 100) })
        {
            var db = database.For(tenant);
            await db.Run($"insert into customers.customers (customer_id, first_seen_at) select 's' || n, now() - interval '100 days' from generate_series(1, 4) as n", Ct);
            await db.Run($"""
                insert into commerce.customer_orders (workspace_id, order_id, customer_id, order_status, order_total, subtotal, ordered_at)
                select w.id, v.customer, c.id, v.status, 10 * {factor}, 10 * {factor}, now() - v.age
                from (values ('s1', 'delivered', interval '29 days'), ('s2', 'pending', interval '1 day'), ('s3', 'delivered', interval '40 days'), ('s4', 'cancelled', interval '1 day')) as v (customer, status, age)
                join customers.customers c on c.customer_id = v.customer
                cross join (select w.id from platform.workspaces w limit 1) as w
                """, Ct);
            await db.Run($"""
                insert into log.events (organization_id, event_type, event_name, customer_id, occurred_at)
                select platform.organization(), 'page_view', 'Page view', c.id, now() - v.age
                from (values ('s1', interval '6 days'), ('s3', interval '9 days')) as v (customer, age) join customers.customers c on c.customer_id = v.customer
                """, Ct);
        }
        // Noon in Tokyo three days ago, tomorrow by a clock that is ahead, and never again.
        await database.Service.Run($"""
            update customers.customer_figures f set last_seen_at = ((now() at time zone 'Asia/Tokyo')::date - v.days + time '12:00') at time zone 'Asia/Tokyo'
            from (values ('s1', 3), ('s2', -1)) as v (customer, days), customers.customers c
            where c.organization_id = {database.Alpha.OrganizationId} and c.customer_id = v.customer and f.customer_id = c.id
            """, Ct);
        await database.Service.Run($"delete from customers.customer_figures f using customers.customers c where c.organization_id = {database.Alpha.OrganizationId} and c.customer_id = 's4' and f.customer_id = c.id", Ct);
        var summaries = await database.Db.List<Summary>($"select s.*, s.active_last_7_days as active_last7_days, s.purchased_last_30_days as purchased_last30_days from cdp.customer_summary s order by s.customer_id", Ct);
        Assert.Equal([
            new("s1", 1, 10, 3, true, true),
            // A pending order is no purchase, here as in the revenue.
            new("s2", 0, 0, 0, true, false),
            new("s3", 1, 10, summaries[2].DaysSinceLastSeen, false, false),
            new("s4", 0, 0, summaries[3].DaysSinceLastSeen, true, false),
        ], summaries);
        Assert.All(summaries[2..], s => Assert.InRange(s.DaysSinceLastSeen, 99, 101));
        // An age is not written down: what was seen later changes it at once.
        await database.Service.Run($"update customers.customer_figures f set last_seen_at = now() from customers.customers c where c.organization_id = {database.Alpha.OrganizationId} and c.customer_id = 's1' and f.customer_id = c.id", Ct);
        Assert.Equal(0, await database.Db.One<int>($"select s.days_since_last_seen from cdp.customer_summary s where s.customer_id = 's1'", Ct));
    }
}
