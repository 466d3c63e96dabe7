using Clientele.Platform.Data;
using Clientele.Testing;
using static Clientele.Commerce.Tests.Shop;

namespace Clientele.Commerce.Tests;

/// <summary>What a customer bought always equals a count of their orders.</summary>
public sealed class CustomerTotalsTests(CustomerTotalsTests.Database database) : IClassFixture<CustomerTotalsTests.Database>
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private sealed record Totals(long TotalOrders, decimal TotalRevenue, decimal AverageOrderValue, decimal LifetimeValue);

    private Task<Totals> Of(Guid person) =>
        database.Db.One<Totals>($"select c.total_orders, c.total_revenue, c.average_order_value, c.lifetime_value from cdp.customers c where c.id = {person}", Ct);

    private async Task NoDrift()
    {
        foreach (var tenant in new[] { database.Alpha, database.Beta })
            Assert.Equal(0, await database.For(tenant).One<long>($"select count(*) from commerce.totals_drift()", Ct));
    }

    [Fact]
    public async Task A_refund_reaches_no_order_of_another_organization_though_it_has_the_same_id()
    {
        var beta = database.For(database.Beta);
        var theirs = await Person(beta, "theirs-" + Guid.NewGuid().ToString("N"));
        var id = await Order(beta, "x" + Guid.NewGuid().ToString("N"), theirs, 100);
        await database.Db.Run($"""
            insert into commerce.customer_orders (id, order_id, order_status, order_total, subtotal, currency, ordered_at) values ({id}, {"same " + id}, 'delivered', 9000, 9000, 'EUR', now())
            """, Ct);
        await database.Db.Run($"""
            insert into commerce.customer_orders (order_id, kind, refunds_order, order_status, order_total, subtotal, currency, ordered_at)
            values ({"refund " + id}, 'refund', {id}, 'refunded', -5000, -5000, 'EUR', now()), ({"void " + id}, 'refund', {id}, 'cancelled', -10, -10, 'EUR', now())
            """, Ct);
        Assert.Equal(0, await beta.One<decimal>($"select o.refunded_total from commerce.customer_orders o where o.id = {id}", Ct));
        Assert.Equal(100, await beta.One<decimal>($"select c.lifetime_value from cdp.customers c where c.id = {theirs}", Ct));
        // A refund that was cancelled takes nothing off, and nobody writes the sum by hand.
        Assert.Equal(-5000, await database.Db.One<decimal>($"select o.refunded_total from commerce.customer_orders o where o.id = {id}", Ct));
        Assert.Equal("42501", (await Assert.ThrowsAsync<Npgsql.PostgresException>(() => database.Db.Run($"update commerce.customer_orders set refunded_total = 0 where id = {id}", Ct))).SqlState);
        await NoDrift();
    }

    [Fact]
    public async Task Defect_016_017_019_deleting_moving_and_changing_orders_moves_the_totals()
    {
        var (ann, bob) = (await Person(database.Db, "ann"), await Person(database.Db, "bob"));
        Assert.Equal(new Totals(0, 0, 0, 0), await Of(ann));
        var first = await Order(database.Db, "t1", ann, 100, orderedAt: "2026-01-01T00:00:00Z");
        var second = await Order(database.Db, "t2", ann, 300, orderedAt: "2026-01-02T00:00:00Z");
        await Order(database.Db, "t3", ann, 50, "confirmed");
        await Order(database.Db, "t4", ann, 50, "cancelled");
        await Order(database.For(database.Beta), "t1", await Person(database.For(database.Beta), "ann"), 7777);
        Assert.Equal(new Totals(2, 400, 200, 400), await Of(ann));

        // To another customer: one loses what the other gains.
        await database.Db.Run($"update cdp.customer_orders set customer_id = {bob} where id = {first}", Ct);
        Assert.Equal(new Totals(1, 300, 300, 300), await Of(ann));
        Assert.Equal(new Totals(1, 100, 100, 100), await Of(bob));
        // To nobody, and back.
        await database.Db.Run($"update cdp.customer_orders set customer_id = null where id = {first}", Ct);
        Assert.Equal(new Totals(0, 0, 0, 0), await Of(bob));
        await database.Db.Run($"update cdp.customer_orders set customer_id = {ann} where id = {first}", Ct);
        // Another amount, another state.
        await database.Db.Run($"update cdp.customer_orders set order_total = 150, subtotal = 150 where id = {first}", Ct);
        await database.Db.Run($"update cdp.customer_orders set order_status = 'delivered' where order_id = 't3'", Ct);
        Assert.Equal(new Totals(3, 500, 166.67m, 500), await Of(ann));
        await NoDrift();

        await database.Db.Run($"delete from cdp.customer_orders where id = {second}", Ct);
        Assert.Equal(new Totals(2, 200, 100, 200), await Of(ann));
        Assert.Equal("2026-01-01 2026-03-01", await database.Db.One<string>($"select t.first_order_at::date || ' ' || t.last_order_at::date from commerce.customer_totals t where t.customer_id = {ann}", Ct));
        await database.Db.Run($"delete from cdp.customer_orders where customer_id = {ann}", Ct);
        Assert.Equal(new Totals(0, 0, 0, 0), await Of(ann));
        Assert.Null(await database.Db.One<DateTimeOffset?>($"select t.last_order_at from commerce.customer_totals t where t.customer_id = {ann}", Ct));
        await NoDrift();
    }

    [Fact]
    public async Task Refunds_lessen_what_a_customer_is_worth_once()
    {
        var person = await Person(database.Db, "refunder");
        var order = await Order(database.Db, "whole", person, 100);
        await Order(database.Db, "kept", person, 40);
        Task Refund(string number, decimal amount, Guid? of) => database.Db.Run($"""
            insert into commerce.customer_orders (order_id, kind, customer_id, order_status, order_total, subtotal, ordered_at, refunds_order)
            values ({number}, 'refund', {person}, 'refunded', {-amount}, {-amount}, now(), {of})
            """, Ct);
        await Refund("part", 30, order);
        Assert.Equal(new Totals(2, 140, 70, 110), await Of(person));
        await Refund("of what, nobody knows", 10, null);
        Assert.Equal(new Totals(2, 140, 70, 100), await Of(person));
        // The order refunded as a whole: its refund document is not taken off a second time.
        await database.Db.Run($"update cdp.customer_orders set order_status = 'refunded' where id = {order}", Ct);
        Assert.Equal(new Totals(1, 40, 40, 30), await Of(person));
        await Refund("the rest", 70, order);
        Assert.Equal(new Totals(1, 40, 40, 30), await Of(person));
        await NoDrift();
        await database.Db.Run($"delete from commerce.customer_orders o where o.order_id in ('part', 'the rest')", Ct);
        Assert.Equal(0m, await database.Db.One<decimal>($"select o.refunded_total from commerce.customer_orders o where o.id = {order}", Ct));
        await NoDrift();
    }

    [Fact]
    public async Task Defect_018_eight_writers_lose_nothing()
    {
        var people = new List<Guid>();
        for (var n = 0; n < 3; n++) people.Add(await Person(database.Db, $"busy{n}"));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            var random = new Random(writer);
            for (var n = 0; n < 15; n++)
            {
                var number = $"w{writer}-{n}";
                // Several of the same people in one statement, in no order.
                await database.Db.Run($"""
                    insert into cdp.customer_orders (order_id, customer_id, order_status, order_total, subtotal, ordered_at)
                    select {number} || '-' || p.n, p.id, 'delivered', 10, 10, timestamptz '2026-01-01' + {random.Next(1000)} * interval '1 hour'
                    from unnest({people.OrderBy(_ => random.Next()).ToArray()}) with ordinality as p (id, n)
                    """, Ct);
                if (n % 3 == 0) await database.Db.Run($"delete from cdp.customer_orders where order_id = {number + "-1"}", Ct);
                if (n % 3 == 1) await database.Db.Run($"update cdp.customer_orders set customer_id = {people[random.Next(3)]} where order_id = {number + "-2"}", Ct);
                if (n % 3 == 2) await database.Db.Run($"update cdp.customer_orders set order_status = 'refunded' where order_id = {number + "-3"}", Ct);
            }
        }, Ct)));
        Assert.Equal(8 * 15 * 3 - 8 * 5 - 8 * 5, await database.Db.One<long>($"select sum(t.total_orders)::bigint from commerce.customer_totals t where t.customer_id = any({people.ToArray()})", Ct));
        await NoDrift();
    }

    [Fact]
    public async Task Defect_020_notes_change_nothing_and_an_import_writes_each_customer_once_a_statement()
    {
        var person = await Person(database.Db, "noted");
        await Order(database.Db, "noted", person, 10);
        var before = await database.Db.One<string>($"select t.ctid || ' ' || t.xmin from commerce.customer_totals t where t.customer_id = {person}", Ct);
        await database.Db.Run($"update cdp.customer_orders set notes = 'hello', payment_method = 'card' where order_id = 'noted'", Ct);
        Assert.Equal(before, await database.Db.One<string>($"select t.ctid || ' ' || t.xmin from commerce.customer_totals t where t.customer_id = {person}", Ct));

        // A thousand orders in one statement: one new version of the customer's row, not a thousand.
        await database.Db.InTransaction(async t =>
        {
            var rows = (Sql)$"select pg_stat_get_xact_tuples_updated('commerce.customer_totals'::regclass) + pg_stat_get_xact_tuples_inserted('commerce.customer_totals'::regclass)";
            var written = await t.One<long>(rows, Ct);
            await t.Run($"""
                insert into commerce.customer_orders (order_id, customer_id, order_status, order_total, subtotal, ordered_at, event_id)
                select 'thousand-' || n, {person}, 'delivered', 1, 1, now() - n * interval '1 minute', gen_random_uuid() from generate_series(1, 1000) as n
                """, Ct);
            Assert.Equal(1, await t.One<long>(rows, Ct) - written);
        }, Ct);
        Assert.Equal(new Totals(1001, 1010, 1.01m, 1010), await Of(person));
        await NoDrift();
    }

    [Fact]
    public async Task Defect_021_amounts_of_another_currency_are_converted_and_never_merely_added()
    {
        var person = await Person(database.Db, "abroad");
        await Order(database.Db, "home", person, 100);
        await database.Db.Run($"""
            insert into cdp.customer_orders (order_id, customer_id, order_status, order_total, subtotal, currency, exchange_rate, ordered_at)
            values ('abroad', {person}, 'delivered', 1000, 1000, 'XOF', 0.0015, now())
            """, Ct);
        Assert.Equal(new Totals(2, 101.50m, 50.75m, 101.50m), await Of(person));
        Assert.Equal("23514", await Refused(database.Db.Run($"""
            insert into cdp.customer_orders (order_id, customer_id, order_status, order_total, subtotal, currency, ordered_at) values ('no rate', {person}, 'delivered', 1000, 1000, 'XOF', now())
            """, Ct)));
        Assert.Equal("23514", await Refused(database.Db.Run($"update cdp.customer_orders set currency = 'XOF' where order_id = 'home'", Ct)));
        Assert.Equal(2, (await Of(person)).TotalOrders);
    }

    [Fact]
    public async Task Defect_047_ages_are_of_today_and_what_is_worked_out_cannot_be_written()
    {
        var person = await Person(database.Db, "aged");
        // Eighteen tomorrow, eighteen today, sixty-five today.
        foreach (var (born, group) in new[] { ("18 years -1 day", "under-18"), ("18 years", "18-24"), ("25 years", "25-34"), ("64 years 11 months", "55-64"), ("65 years", "65+") })
        {
            await database.Db.Run($"update cdp.customers set date_of_birth = (now() at time zone 'UTC')::date - {born}::interval where id = {person}", Ct);
            Assert.Equal(group, await database.Db.One<string>($"select c.age_group from cdp.customers c where c.id = {person}", Ct));
        }
        await database.Db.Run($"""
            insert into cdp.customer_orders (order_id, customer_id, order_status, order_total, subtotal, ordered_at)
            values ('days', {person}, 'delivered', 1, 1, (date_trunc('day', now(), 'UTC') - interval '40 days'))
            """, Ct);
        Assert.Equal(40, await database.Db.One<int>($"select c.days_since_last_order from cdp.customers c where c.id = {person}", Ct));
        Assert.Null(await database.Db.One<int?>($"select c.days_since_last_order from cdp.customers c where c.id = {await Person(database.Db, "never ordered")}", Ct));
        Assert.Equal("CL006", await Refused(database.Db.Run($"update cdp.customers set age_group = '25-34' where id = {person}", Ct)));
        Assert.Equal("CL006", await Refused(database.Db.Run($"update cdp.customers set total_revenue = 1000000 where id = {person}", Ct)));
        Assert.Equal("CL006", await Refused(database.Db.Run($"insert into cdp.customers (customer_id, lifetime_value) values ('rich', 5)", Ct)));
        Assert.Equal(1, await database.Db.Run($"update cdp.customers set name = 'Renamed' where id = {person}", Ct));
        Assert.Equal(0, await database.For(database.Beta).Run($"update cdp.customers set name = 'Theirs' where id = {person}", Ct));
        Assert.Equal("Renamed", await database.Db.One<string>($"select c.name from customers.customers c where c.id = {person}", Ct));
    }

    [Fact]
    public async Task The_customers_view_keeps_the_indexes_and_joins_only_what_is_asked_for()
    {
        await database.Db.Run($"insert into cdp.customers (customer_id, first_seen_at) select 'v' || n, timestamptz '2025-01-01' + n * interval '3 minutes' from generate_series(1, 1000) as n", Ct);
        await using (var owner = await database.Databases.OpenOwner(Ct))
        await owner.Run("analyze customers.customers");
        async Task<string> Plan(Sql query) => (await database.Db.One<System.Text.Json.JsonElement>($"explain (format json) {query}", Ct)).GetRawText();
        Assert.Contains("customers_organization_id_customer_id_key", await Plan($"select * from cdp.customers c where c.customer_id = 'v77'"), StringComparison.Ordinal);
        Assert.Contains("customers_pkey", await Plan($"select * from cdp.customers c where c.id = {Guid.NewGuid()}"), StringComparison.Ordinal);
        Assert.Contains("customers_newest", await Plan($"select * from cdp.customers c where c.first_seen_at > '2025-01-02' order by c.first_seen_at desc limit 20"), StringComparison.Ordinal);
        Assert.DoesNotContain("customer_totals", await Plan($"select c.id, c.name from cdp.customers c where c.customer_id = 'v77'"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_but_the_orders_writes_the_totals_and_an_organization_that_goes_takes_all_along()
    {
        var person = await Person(database.Db, "fixed");
        await Order(database.Db, "fixed", person, 10);
        Assert.Equal("42501", await Refused(database.Db.Run($"update commerce.customer_totals set total_revenue = 1 where customer_id = {person}", Ct)));
        var gone = await database.Service.InTransaction(async t => await Platform.Organizations.Founding.Organization(t, "gone", "gone", false,
            await t.One<Guid>($"insert into platform.platform_users (email, name, email_verified) values ('owner@gone.example', 'gone', true) returning id", Ct), Ct), Ct);
        var db = database.For(gone);
        var theirs = await Person(db, "gone");
        var order = await Order(db, "gone", theirs, 10);
        await db.Run($"""
            insert into commerce.customer_orders (order_id, kind, customer_id, order_status, order_total, subtotal, ordered_at, refunds_order) values ('back', 'refund', {theirs}, 'refunded', -5, -5, now(), {order})
            """, Ct);
        await db.Run($"insert into cdp.promotions (name, promotion_code, discount_type, discount_value, valid_from, valid_until) values ('Gone', 'GONE', 'percentage', 0.1, '2026-01-01', '2099-01-01')", Ct);
        await db.One<bool>($"select r.was_valid from commerce.redeem('GONE', {theirs}, {order}, 10) r", Ct);
        await db.Run($"insert into assistant.cart_operations (session_id, operation_type, product_id, quantity, price) values ('s', 'add', 'p', 1, 1)", Ct);
        await database.Service.Run($"delete from platform.organizations o where o.id = {gone.OrganizationId!.Value}", Ct);
        Assert.Equal(0, await database.Service.One<long>($"select count(*) from commerce.customer_totals t where t.organization_id = {gone.OrganizationId!.Value}", Ct));
        await NoDrift();
    }
}
