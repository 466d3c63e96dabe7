namespace Clientele.Analytics.Tests;

public sealed class ScoreTests(ScoreTests.Database database) : IClassFixture<ScoreTests.Database>
{
    private const string Noon = "2026-03-31T12:00Z";

    public sealed class Database : AnalyticsDatabase
    {
        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            // Seen an hour ago, nothing else: recency alone.
            await Figures(await Customer("fresh"), "2026-03-31T11:00Z");
            // A good buyer of long ago: many orders in life, none of late, unseen for months.
            await Figures(await Customer("past"), "2025-11-01T12:00Z", 40, 4000);
            await Events("past", "order_completed", 9, "2025-10-01T12:00Z", 100);
            // 20 events and 2 orders in the last 30 days: 30 + 20 + 20; the orders are events too.
            await Figures(await Customer("busy"), "2026-03-26T12:00Z");
            await Events("busy", "page_view", 18, "2026-03-20T12:00Z");
            await Events("busy", "order_completed", 2, "2026-03-21T12:00Z", 10);
            await Events("busy", "page_view", 60, "2026-02-20T12:00Z");
            // A clock ahead of ours: seen tomorrow is seen today.
            await Figures(await Customer("future"), "2026-04-30T12:00Z");
            await Figures(await Customer("gone", status: "churned"), "2026-03-30T12:00Z");
            // Slowing down: 2 events where there were 5, unseen for 40 days by the figures.
            await Figures(await Customer("slow"), "2026-02-19T12:00Z");
            await Events("slow", "page_view", 5, "2026-02-10T12:00Z");
            await Events("slow", "page_view", 2, "2026-03-03T12:00Z");
        }
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, 50, 5, 100)]
    [InlineData(1, 49, 4, 80)]
    [InlineData(2, 20, 2, 70)]
    [InlineData(7, 19, 1, 50)]
    [InlineData(8, 5, 1, 40)]
    [InlineData(30, 4, 0, 25)]
    [InlineData(31, 1, 0, 15)]
    [InlineData(90, 0, 0, 10)]
    [InlineData(91, 0, 0, 0)]
    public async Task Engagement_is_recency_frequency_and_purchases(int days, long events, long orders, int expected) =>
        Assert.Equal(expected, await database.Db.One<int>($"select analytics.engagement_points({days}, {events}, {orders})::int", Ct));

    [Theory]
    [InlineData(7, 0, 0, 0, false, 0)]
    [InlineData(8, 0, 0, 0, false, 20)]
    [InlineData(15, 0, 0, 0, false, 40)]
    [InlineData(31, 0, 0, 0, false, 60)]
    [InlineData(91, 0, 0, 0, false, 80)]
    [InlineData(91, 0, 1, 0, false, 100)]
    [InlineData(31, 2, 5, 0, false, 80)]
    [InlineData(31, 2, 4, 0, false, 60)]
    [InlineData(15, 5, 5, 1, false, 20)]
    [InlineData(0, 5, 5, 1, false, 0)]
    [InlineData(0, 50, 0, 5, true, 100)]
    public async Task Churn_risk_grows_with_silence_and_decline(int days, long events, long before, long orders, bool churned, int expected) =>
        Assert.Equal(expected, await database.Db.One<int>($"select analytics.churn_points({days}, {events}, {before}, {orders}, {churned})::int", Ct));

    [Theory]
    [InlineData("fresh", 40)]
    [InlineData("past", 0)]
    [InlineData("busy", 70)]
    [InlineData("future", 40)]
    [InlineData("slow", 15)]
    public async Task Defect_008_009_010_The_score_is_of_the_last_thirty_days(string customer, int expected) =>
        Assert.Equal(expected, await database.Db.One<int>($"select analytics.engagement_score(c.id, {Noon}::timestamptz) from customers.customers c where c.customer_id = {customer}", Ct));

    [Fact]
    public async Task Defect_010_Nobody_has_no_score()
    {
        Assert.Null(await database.Db.One<int?>($"select analytics.engagement_score({Guid.CreateVersion7()}, {Noon}::timestamptz)", Ct));
        var theirs = await database.For(database.Beta).One<Guid>($"select c.id from customers.customers c where c.customer_id = 'fresh'", Ct);
        Assert.Null(await database.Db.One<int?>($"select analytics.engagement_score({theirs}, {Noon}::timestamptz)", Ct));
    }

    [Fact]
    public async Task Defect_011_The_scores_are_written_for_all_at_once()
    {
        await database.Db.One<long>($"select analytics.refresh_scores({Noon}::timestamptz)", Ct);
        Assert.Equal(["busy 70 0", "fresh 40 0", "future 40 0", "gone 40 100", "past 0 80", "slow 15 80"], await database.Db.List<string>($"""
            select concat_ws(' ', c.customer_id, c.engagement_score, c.churn_risk_score) from customers.customers c where c.name like 'Name of%' and c.customer_id not like 'merge%' order by 1
            """, Ct));
        // What did not change is not written again, and another organization is not touched.
        Assert.Equal(0, await database.Db.One<long>($"select analytics.refresh_scores({Noon}::timestamptz)", Ct));
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from customers.customers c where c.engagement_score + c.churn_risk_score > 0", Ct));
        // One way and the other give the same.
        Assert.True(await database.Db.One<bool>($"select bool_and(c.engagement_score = analytics.engagement_score(c.id, {Noon}::timestamptz)) from customers.customers c where c.customer_id not like 'merge%'", Ct));
    }

    [Fact]
    public async Task What_a_merged_profile_did_counts_for_the_person()
    {
        var person = await database.Customer("merge_a");
        var profile = await database.Customer("merge_b");
        await database.Events("merge_b", "order_completed", 1, "2026-03-30T12:00Z", 5);
        await database.Map(profile, person);
        await database.Figures(person, "2026-03-30T12:00Z");
        // Yesterday 40, one event 5, one order 10.
        Assert.Equal([55, 55], await database.Db.List<int>($"select analytics.engagement_score(u.id, {Noon}::timestamptz) from unnest({new[] { person, profile }}) as u (id)", Ct));
        await database.Db.One<long>($"select analytics.refresh_scores({Noon}::timestamptz)", Ct);
        Assert.Equal(55, await database.Db.One<int>($"select c.engagement_score::int from customers.customers c where c.id = {person}", Ct));
    }

    [Fact]
    public async Task What_the_platform_tells_about_somebody_is_not_what_they_did()
    {
        var quiet = await database.Customer("merge_quiet");
        await database.Figures(quiet, "2026-03-01T12:00Z");
        await database.Db.Run($"""
            insert into log.events (organization_id, event_type, event_name, event_category, data_source, customer_id, occurred_at)
            select platform.organization(), 'campaign_send_changed', 'x', 'state', 'platform', {quiet}, '2026-03-30T12:00Z' from generate_series(1, 50)
            """, Ct);
        Assert.Equal(20, await database.Db.One<int>($"select analytics.engagement_score({quiet}, {Noon}::timestamptz)", Ct));
    }
}
