using Clientele.Testing;
using static Clientele.Commerce.Tests.Shop;

namespace Clientele.Commerce.Tests;

/// <summary>Carts as the assistant's tables name them.</summary>
public sealed class CartTests(CartTests.Database database) : IClassFixture<CartTests.Database>
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private sealed record Metrics(long TotalOperations, long ItemsAdded, long ItemsRemoved, decimal FinalCartValue, long DurationSeconds);

    private Task<Metrics> Of(string session) => database.Db.One<Metrics>($"""
        select m.total_operations, m.items_added, m.items_removed, m.final_cart_value, m.duration_seconds from assistant.cart_session_metrics m where m.session_id = {session}
        """, Ct);

    private Task<long> Do(string session, string operation, string? product = null, int? quantity = null, decimal? price = null, int second = 0) => database.Db.Run($"""
        insert into assistant.cart_operations (session_id, operation_type, product_id, quantity, price, timestamp)
        values ({session}, {operation}, {product}, {quantity}, {price}, timestamptz '2026-05-01' + {second} * interval '1 second')
        """, Ct);

    [Fact]
    public async Task A_session_is_counted_from_its_operations()
    {
        await Do("counted", "add", "tea", 2, 4.50m, 0);
        await Do("counted", "add", "cup", 1, 12, 10);
        Assert.Equal(new Metrics(2, 3, 0, 21, 10), await Of("counted"));
        await Do("counted", "remove", "tea", 1, null, 20);
        await Do("counted", "update", "cup", 3, 11, 30);
        Assert.Equal(new Metrics(4, 3, 1, 37.50m, 30), await Of("counted"));
        await Do("counted", "clear", second: 40);
        Assert.Equal(0m, (await Of("counted")).FinalCartValue);
        await Do("counted", "add", "tea", 1, 5, 50);
        await Do("counted", "remove", "cup", 3, null, 60);
        Assert.Equal(new Metrics(7, 4, 4, 5, 60), await Of("counted"));
        Assert.Equal("23514", await Refused(Do("counted", "add", null, 1)));
        Assert.Equal("23514", await Refused(Do("counted", "add", "tea", 0)));
        Assert.Equal("23514", await Refused(Do("counted", "fly", "tea", 1)));
        Assert.Contains(await Refused(database.Db.Run($"delete from commerce.cart_operations o where o.session_id = 'counted'", Ct)), new[] { "CL004", "42501" });
    }

    [Fact]
    public async Task Eight_writers_of_one_session_are_all_counted()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            for (var n = 0; n < 10; n++) await Do("busy", "add", $"p{writer}", 1, 2, n);
        }, Ct)));
        Assert.Equal(new Metrics(80, 80, 0, 160, 9), await Of("busy"));
    }

    [Fact]
    public async Task Defect_114_a_session_id_belongs_to_its_workspace()
    {
        await Do("same word", "add", "tea", 1, 1);
        await database.For(database.Beta).Run($"insert into assistant.cart_operations (session_id, operation_type, product_id, quantity, price) values ('same word', 'add', 'theirs', 5, 100)", Ct);
        var second = await database.Db.One<Guid>($"insert into platform.workspaces (organization_id, slug, name) values (platform.organization(), 'second', 'Second') returning id", Ct);
        await database.Db.Run($"insert into assistant.cart_session_metrics (customer_id, session_id) values ({second}, 'same word')", Ct);
        Assert.Equal("23505", await Refused(database.Db.Run($"insert into assistant.cart_session_metrics (customer_id, session_id) values ({second}, 'same word')", Ct)));
        Assert.Equal([0m, 1m], await database.Db.List<decimal>($"select m.final_cart_value from assistant.cart_session_metrics m where m.session_id = 'same word' order by 1", Ct));
        // Of several workspaces one must be named.
        Assert.Equal("23514", await Refused(database.For(database.Alpha with { WorkspaceId = null }).Run($"insert into assistant.cart_session_metrics (session_id) values ('whose')", Ct)));
        Assert.Equal("23503", await Refused(database.Db.Run($"""
            insert into assistant.cart_session_metrics (customer_id, session_id) values ({database.Beta.WorkspaceId ?? Guid.NewGuid()}, 'theirs')
            """, Ct)));
        await database.Service.Run($"delete from platform.workspaces w where w.id = {second}", Ct);
    }

    [Fact]
    public async Task A_days_figures_are_as_counted_by_hand_and_can_be_counted_again()
    {
        for (var n = 0; n < 4; n++) await Do($"day{n}", "add", "tea", n + 1, 10, 3600 * 24 * 30);
        await database.Db.Run($"""
            insert into assistant.cart_abandonments (session_id, cart_data, abandoned_at, total_value)
            select 'day' || n, '[]', '2026-05-31T12:00:00Z', 10 * (n + 1) from generate_series(1, 3) as n
            """, Ct);
        Assert.Equal("23505", await Refused(database.Db.Run($"insert into assistant.cart_abandonments (session_id, cart_data, total_value) values ('day1', '[]', 1)", Ct)));
        Assert.Equal("23514", await Refused(database.Db.Run($"update assistant.cart_abandonments set recovered_at = '2026-05-30' where session_id = 'day1'", Ct)));
        await database.Db.Run($"update assistant.cart_abandonments set recovered_at = '2026-06-01' where session_id = 'day2'", Ct);
        for (var again = 0; again < 2; again++)
        {
            await database.Db.Run($"select commerce.roll_up_carts('2026-05-31')", Ct);
            Assert.Equal("4 3 1 0.75000000 0.33333333 90.00 30.00", await database.Db.One<string>($"""
                select concat_ws(' ', d.total_carts, d.abandoned_carts, d.recovered_carts, d.abandonment_rate, d.recovery_rate, d.total_value_abandoned, d.total_value_recovered)
                from assistant.cart_analytics_daily d where d.date = '2026-05-31'
                """, Ct));
        }
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select commerce.roll_up_carts('2026-05-31')", Ct));
    }
}
