using System.Text.Json;
using Clientele.Testing;
using static Clientele.Commerce.Tests.Shop;

namespace Clientele.Commerce.Tests;

/// <summary>What an order can be and become.</summary>
public sealed class OrderLifeTests(OrderLifeTests.Database database) : IClassFixture<OrderLifeTests.Database>
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private sealed record Stamps(DateTimeOffset? ConfirmedAt, DateTimeOffset? ShippedAt, DateTimeOffset? DeliveredAt, DateTimeOffset? CancelledAt);

    private Task<Stamps> StampsOf(Guid order) =>
        database.Db.One<Stamps>($"select o.confirmed_at, o.shipped_at, o.delivered_at, o.cancelled_at from cdp.customer_orders o where o.id = {order}", Ct);

    private Task<long> Move(Guid order, string state) => database.Db.Run($"update cdp.customer_orders set order_status = {state} where id = {order}", Ct);

    [Theory]
    [InlineData("pending", "confirmed", true)]
    [InlineData("pending", "shipped", true)]
    [InlineData("pending", "delivered", true)]
    [InlineData("pending", "cancelled", true)]
    [InlineData("pending", "refunded", false)]
    [InlineData("confirmed", "pending", false)]
    [InlineData("confirmed", "shipped", true)]
    [InlineData("confirmed", "cancelled", true)]
    [InlineData("confirmed", "refunded", true)]
    [InlineData("shipped", "confirmed", false)]
    [InlineData("shipped", "delivered", true)]
    [InlineData("delivered", "refunded", true)]
    [InlineData("delivered", "cancelled", false)]
    [InlineData("delivered", "shipped", false)]
    [InlineData("cancelled", "confirmed", false)]
    [InlineData("refunded", "delivered", false)]
    public async Task Only_what_can_follow_follows(string from, string to, bool allowed)
    {
        var order = await Order(database.Db, $"{from}-{to}", null, 10, from);
        if (allowed) Assert.Equal(1, await Move(order, to));
        else Assert.Equal("CL001", await Refused(Move(order, to)));
        Assert.Equal(allowed ? to : from, await database.Db.One<string>($"select o.order_status from cdp.customer_orders o where o.id = {order}", Ct));
    }

    [Fact]
    public async Task Each_state_leaves_its_time_and_a_given_time_stays()
    {
        var order = await Order(database.Db, "stamped", null, 10, "pending");
        Assert.Equal(new Stamps(null, null, null, null), await StampsOf(order));
        await Move(order, "confirmed");
        await database.Db.Run($"update cdp.customer_orders set order_status = 'shipped', shipped_at = '2026-03-04T00:00:00Z' where id = {order}", Ct);
        await Move(order, "delivered");
        var stamps = await StampsOf(order);
        Assert.NotNull(stamps.ConfirmedAt);
        Assert.Equal(new DateTimeOffset(2026, 3, 4, 0, 0, 0, TimeSpan.Zero), stamps.ShippedAt);
        Assert.True(stamps.DeliveredAt >= stamps.ConfirmedAt);
        Assert.Null(stamps.CancelledAt);
        // What arrives in a late state was not before it was placed, and is not said to be of today.
        Assert.Equal(new DateTimeOffset(2026, 3, 1, 10, 0, 0, TimeSpan.Zero), (await StampsOf(await Order(database.Db, "late", null, 10, "cancelled"))).CancelledAt);
    }

    [Fact]
    public async Task Defect_076_every_change_of_status_is_in_the_log_and_a_sale_is_told_once()
    {
        var person = await Person(database.Db, "teller");
        var order = await Order(database.Db, "told", person, 25, "pending");
        await Move(order, "confirmed");
        await database.Db.Run($"update cdp.customer_orders set order_status = 'confirmed', notes = 'no change' where id = {order}", Ct);
        await Move(order, "shipped");
        await Move(order, "delivered");
        Assert.Equal(["order_placed 25.00", "order_completed 25.00"], await database.Db.List<string>($"""
            select f.event_type || ' ' || f.event_value from log.facts f where f.customer_id = {person} and f.event_category = 'transaction' order by f.event_type desc
            """, Ct));
        Assert.Equal(["pending > confirmed", "confirmed > shipped", "shipped > delivered"], await database.Db.List<string>($"""
            select (f.properties ->> 'from') || ' > ' || (f.properties ->> 'to') from log.facts f
            where f.event_type = 'order_status_changed' and f.properties ->> 'id' = {order.ToString()} order by f.occurred_at
            """, Ct));
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from log.facts f where f.properties ->> 'order_id' = 'told' or f.properties ->> 'id' = {order.ToString()}", Ct));
    }

    [Fact]
    public async Task Defect_055_sums_that_are_none_and_signs_that_cannot_be_are_refused()
    {
        Task Insert(decimal total, decimal subtotal, decimal tax = 0, decimal shipping = 0, decimal discount = 0) => database.Db.Run($"""
            insert into cdp.customer_orders (order_id, order_status, order_total, subtotal, tax_amount, shipping_amount, discount_amount, ordered_at)
            values ({Guid.NewGuid().ToString()}, 'pending', {total}, {subtotal}, {tax}, {shipping}, {discount}, now())
            """, Ct);
        await Insert(108, 100, 8, 5, 5);
        Assert.Equal("23514", await Refused(Insert(100, 100, 8)));
        Assert.Equal("23514", await Refused(Insert(-1, -1)));
        Assert.Equal("23514", await Refused(Insert(10, 5, 5, -5, -5)));
        Assert.Equal("23514", await Refused(database.Db.Run($"insert into cdp.customer_orders (order_id, order_status, order_total, subtotal, ordered_at) values ('banana', 'banana', 1, 1, now())", Ct)));
        Assert.Equal("23514", await Refused(database.Db.Run($"insert into cdp.customer_orders (order_id, order_status, order_total, subtotal, ordered_at, order_source) values ('pigeon', 'pending', 1, 1, now(), 'pigeon')", Ct)));
        Assert.Equal("23514", await Refused(database.Db.Run($"insert into cdp.customer_orders (order_id, order_status, order_total, subtotal, ordered_at, subscription_id) values ('sub', 'pending', 1, 1, now(), 's1')", Ct)));

        var order = await Order(database.Db, "with lines", null, 20);
        Task Item(decimal price, int quantity, decimal total, decimal discount = 0) => database.Db.Run($"""
            insert into cdp.customer_order_items (order_id, product_id, product_name, unit_price, quantity, total_price, discount_amount)
            values ({order}, 'P', 'Product', {price}, {quantity}, {total}, {discount})
            """, Ct);
        await Item(10, 2, 19, 1);
        Assert.Equal("23514", await Refused(Item(10, -3, -30)));
        Assert.Equal("23514", await Refused(Item(10, 0, 0)));
        Assert.Equal("23514", await Refused(Item(10, 2, 21)));
        Assert.Equal("23514", await Refused(Item(10, 2, 21, -1)));
    }

    [Fact]
    public async Task Defect_044_045_a_large_order_has_large_lines_and_counters_do_not_end()
    {
        var order = await Order(database.Db, "large", null, 150_000_000);
        await database.Db.Run($"""
            insert into cdp.customer_order_items (order_id, product_id, product_name, unit_price, quantity, total_price) values ({order}, 'P', 'Machine', 150000000, 1, 150000000)
            """, Ct);
        Assert.Equal(150_000_000m, await database.Db.One<decimal>($"select sum(i.total_price) from cdp.customer_order_items i where i.order_id = {order}", Ct));
        // Every amount is as wide as every other, and what only grows is a bigint or has no limit.
        Assert.Empty(await database.Db.List<string>($"""
            select c.table_name || '.' || c.column_name from information_schema.columns c
            where c.table_schema = 'commerce' and c.data_type = 'numeric' and c.numeric_precision < 14 and c.column_name !~ '(rate|discount_rate)$'
            or c.table_schema = 'commerce' and c.data_type = 'integer' and c.column_name ~ '(^total|count|usage|redemptions|orders$|carts$|items_)'
            """, Ct));
    }

    [Fact]
    public async Task Defect_057_a_campaign_that_is_named_is_there_and_its_end_leaves_the_order()
    {
        var ours = await database.Db.One<Guid>($$"""insert into messaging.campaigns (name, campaign_type, channel, message_content) values ('Spring', 'email', 'email', '{}') returning id""", Ct);
        var theirs = await database.For(database.Beta).One<Guid>($$"""insert into messaging.campaigns (name, campaign_type, channel, message_content) values ('Theirs', 'email', 'email', '{}') returning id""", Ct);
        var order = await Order(database.Db, "from a campaign", null, 10);
        Assert.Equal("23503", await Refused(database.Db.Run($"update cdp.customer_orders set campaign_id = {Guid.NewGuid()} where id = {order}", Ct)));
        Assert.Equal("23503", await Refused(database.Db.Run($"update cdp.customer_orders set campaign_id = {theirs} where id = {order}", Ct)));
        Assert.Equal(1, await database.Db.Run($"update cdp.customer_orders set campaign_id = {ours} where id = {order}", Ct));
        await database.Db.Run($"delete from messaging.campaigns c where c.id = {ours}", Ct);
        Assert.Null(await database.Db.One<Guid?>($"select o.campaign_id from cdp.customer_orders o where o.id = {order}", Ct));
    }

    [Fact]
    public async Task The_view_is_of_orders_alone_and_knows_the_workspace_and_the_currency_by_itself()
    {
        var order = await Order(database.Db, "plain", null, 10);
        var refund = await database.Db.One<Guid>($"""
            insert into commerce.customer_orders (order_id, kind, order_status, order_total, subtotal, ordered_at) values ('R-plain', 'refund', 'refunded', -10, -10, now()) returning id
            """, Ct);
        Assert.Equal([order], await database.Db.List<Guid>($"select o.id from cdp.customer_orders o where o.id = any({new[] { order, refund }})", Ct));
        Assert.Equal(0, await database.Db.Run($"delete from cdp.customer_orders where id = {refund}", Ct));
        var none = database.For(database.Alpha with { WorkspaceId = null });
        var alone = await Order(none, "without a workspace", null, 10);
        Assert.Equal(await database.Db.One<Guid>($"select w.id from platform.workspaces w where w.organization_id = platform.organization()", Ct),
            await none.One<Guid>($"select o.workspace_id from commerce.customer_orders o where o.id = {alone}", Ct));
        Assert.Equal(await database.Db.One<string>($"select o.currency from platform.organizations o where o.id = platform.organization()", Ct),
            await none.One<string>($"select o.currency from cdp.customer_orders o where o.id = {alone}", Ct));
        // Upsert by the key there is, and the same number in the other organization.
        await database.Db.Run($"""
            insert into cdp.customer_orders (order_id, order_status, order_total, subtotal, ordered_at) values ('plain', 'delivered', 10, 10, now()) on conflict do nothing
            """, Ct);
        await Order(database.For(database.Beta), "plain", null, 99);
        Assert.Equal(10m, await database.Db.One<decimal>($"select sum(o.order_total) from cdp.customer_orders o where o.order_id = 'plain'", Ct));
    }

    [Fact]
    public async Task Which_order_was_the_first_is_told_from_the_orders()
    {
        var person = await Person(database.Db, "firsts");
        await Order(database.Db, "f2", person, 10, orderedAt: "2026-03-02T00:00:00Z");
        await Order(database.Db, "f3", person, 10, orderedAt: "2026-03-03T00:00:00Z");
        Task<List<string>> First() => database.Db.List<string>($"select o.order_id from cdp.customer_orders o where o.customer_id = {person} and o.is_first_order", Ct);
        Assert.Equal(["f2"], await First());
        var earlier = await Order(database.Db, "f1", person, 10, "pending", "2026-03-01T00:00:00Z");
        Assert.Equal(["f1"], await First());
        await Move(earlier, "cancelled");
        Assert.Equal(["f2"], await First());
        await Order(database.Db, "anonymous", null, 10, orderedAt: "2020-01-01T00:00:00Z");
        Assert.False(await database.Db.One<bool>($"select o.is_first_order from cdp.customer_orders o where o.order_id = 'anonymous'", Ct));
    }

    [Fact]
    public async Task Defect_022_every_table_that_has_updated_at_keeps_it()
    {
        var order = await Order(database.Db, "touched", null, 10);
        var before = await database.Db.One<DateTimeOffset>($"select o.updated_at from cdp.customer_orders o where o.id = {order}", Ct);
        await database.Db.Run($"update cdp.customer_orders set notes = 'x', updated_at = '2000-01-01' where id = {order}", Ct);
        Assert.True(await database.Db.One<DateTimeOffset>($"select o.updated_at from cdp.customer_orders o where o.id = {order}", Ct) > before);
        Assert.Empty(await database.Service.List<string>($"""
            select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'updated_at'
            where c.relnamespace = 'commerce'::regnamespace and c.relkind = 'r'
            and not exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgfoid = 'platform.touch'::regproc)
            """, Ct));
    }

    [Fact]
    public async Task Defect_003_the_dear_orders_of_the_last_days_come_from_an_index_without_a_moving_window()
    {
        await database.Db.Run($"""
            insert into commerce.customer_orders (order_id, order_status, order_total, subtotal, ordered_at, event_id)
            select 'bulk-' || n, 'pending', n % 300, n % 300, now() - n * interval '1 hour', gen_random_uuid() from generate_series(1, 5000) as n
            """, Ct);
        await using (var owner = await database.Databases.OpenOwner(Ct))
        await owner.Run("analyze commerce.customer_orders");
        var plan = await database.Db.One<JsonElement>($"""
            explain (format json) select o.customer_id, o.ordered_at, o.order_total from cdp.customer_orders o
            where o.ordered_at > now() - interval '30 days' and o.order_total > 100 order by o.ordered_at desc limit 100
            """, Ct);
        Assert.Contains("customer_orders_time", plan.GetRawText(), StringComparison.Ordinal);
        var found = await database.Db.One<long>($"select count(*) from cdp.customer_orders o where o.order_id like 'bulk-%' and o.ordered_at > now() - interval '30 days' and o.order_total > 100", Ct);
        Assert.Equal(Enumerable.Range(1, 719).Count(n => n % 300 > 100), found);
    }

    [Fact]
    public async Task Defect_062_063_064_no_index_repeats_another_and_every_key_is_served()
    {
        Assert.Empty(await database.Service.List<string>($"""
            with keyed as (
                select i.indexrelid::regclass::text as name, i.indrelid, i.indkey::int2[] as columns, i.indnkeyatts, coalesce(pg_get_expr(i.indpred, i.indrelid), '') as condition, i.indisunique
                from pg_index i join pg_class c on c.oid = i.indrelid where c.relnamespace = 'commerce'::regnamespace and i.indexprs is null
            )
            select a.name || ' is the beginning of ' || b.name from keyed a
            join keyed b on b.indrelid = a.indrelid and b.name <> a.name and (b.condition = a.condition or b.condition = '') and b.indnkeyatts >= a.indnkeyatts
            and (select array_agg(b.columns[k] order by k) from generate_series(0, a.indnkeyatts - 1) as k) = (select array_agg(a.columns[k] order by k) from generate_series(0, a.indnkeyatts - 1) as k)
            where not a.indisunique
            """, Ct));
        Assert.Empty(await database.Service.List<string>($"""
            select f.conrelid::regclass || ': ' || f.conname from pg_constraint f
            where f.contype = 'f' and f.connamespace = 'commerce'::regnamespace
            -- Whoever deletes an organization looks through its tables anyway: their keys all begin with it.
            and not exists (
                select from pg_index i where i.indrelid = f.conrelid
                and (select array_agg(i.indkey[k] order by i.indkey[k]) from generate_series(0, cardinality(f.conkey) - 1) as k) = (select array_agg(k order by k) from unnest(f.conkey) as k)
                and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) ~ '^\(\w+ IS NOT NULL\)$'))
            """, Ct));
    }
}
