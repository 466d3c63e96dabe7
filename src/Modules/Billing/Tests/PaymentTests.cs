using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Clientele.Testing;
namespace Clientele.Billing.Tests;

/// <summary>Payments, refunds and credits: nothing goes out that did not come in.</summary>
public sealed class PaymentTests(Writers database) : IClassFixture<Writers>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Task<long> Credits(Guid customer) => database.Db.One<long>($"select billing.credit_balance({customer})", Ct);

    private async Task<Guid> Paid(decimal amount, Guid? customer = null, long? credits = null)
    {
        var payment = await database.Db.One<Guid>($"insert into jyotiflow.payments (user_id, amount, credits) values ({customer}, {amount}, {credits}) returning id", Ct);
        await database.Db.Run($"update jyotiflow.payments set status = 'succeeded' where id = {payment}", Ct);
        return payment;
    }

    private Task<Guid> Refund(Guid payment, decimal amount) => database.Db.One<Guid>($"insert into jyotiflow.refunds (payment_id, amount) values ({payment}, {amount}) returning id", Ct);

    private async Task<Guid> Holding(long credits)
    {
        var customer = await database.Customer();
        await database.Db.Run($"insert into jyotiflow.credit_transactions (user_id, transaction_type, amount, idempotency_key) values ({customer}, 'bonus', {credits}, {"bonus " + customer})", Ct);
        return customer;
    }

    [Fact]
    public async Task Refunds_by_8_writers_are_never_more_than_the_payment()
    {
        var payment = await Paid(100);
        var results = await Writers.Eight(3, _ => Refund(payment, 7.5m));
        Assert.Equal((13, 11), (results.Count(r => r is null), results.Count(r => r == "CL003")));
        Assert.Equal("97.50 partly", await database.Db.One<string>($"select concat_ws(' ', p.refunded_amount, p.refund_status) from jyotiflow.payments p where p.id = {payment}", Ct));
        Assert.Equal("CL003", await Writers.Refusal(Refund(payment, 2.51m)));
        await Refund(payment, 2.5m);
        Assert.Equal("wholly", await database.Db.One<string>($"select p.refund_status from jyotiflow.payments p where p.id = {payment}", Ct));
        Assert.Equal(0, await database.Db.One<long>($"select count(*) from billing.drift()", Ct));
        Assert.Equal("23503", await Writers.Refusal(database.For(database.Beta).Run($"insert into jyotiflow.refunds (payment_id, amount) values ({payment}, 1)", Ct)));
    }

    [Fact]
    public async Task A_repeated_request_refunds_once()
    {
        var (payment, key) = (await Paid(100), Guid.NewGuid().ToString());
        foreach (var amount in new[] { 30m, 70m })
        {
            var results = await Writers.Eight(2, _ => database.Db.Run($"insert into billing.refunds (payment_id, amount, idempotency_key) values ({payment}, {amount}, {key + amount})", Ct));
            Assert.Equal((1, 15), (results.Count(r => r is null), results.Count(r => r == "23505")));
        }
        Assert.Equal(100m, await database.Db.One<decimal>($"select p.refunded_amount from billing.payments p where p.id = {payment}", Ct));
        var theirs = database.For(database.Beta);
        var other = await theirs.One<Guid>($"insert into billing.payments (amount) values (1) returning id", Ct);
        await theirs.Run($"update billing.payments set status = 'succeeded' where id = {other}", Ct);
        Assert.Equal(1, await theirs.Run($"insert into billing.refunds (payment_id, amount, idempotency_key) values ({other}, 1, {key + 30m})", Ct));
        await theirs.Run($"update billing.refunds set status = 'failed'", Ct);
    }

    [Fact]
    public async Task Only_what_succeeded_is_refunded_and_what_failed_counts_no_more()
    {
        var pending = await database.Db.One<Guid>($"insert into jyotiflow.payments (amount) values (10) returning id", Ct);
        Assert.Equal("CL001", await Writers.Refusal(Refund(pending, 1)));
        var payment = await Paid(10);
        Assert.Equal("23514", await Writers.Refusal(Refund(payment, -1)));
        Assert.Equal("23514", await Writers.Refusal(Refund(payment, 0)));

        var refund = await Refund(payment, 10);
        await database.Db.Run($"update jyotiflow.refunds set status = 'failed' where id = {refund}", Ct);
        Assert.Equal("none", await database.Db.One<string>($"select p.refund_status from jyotiflow.payments p where p.id = {payment}", Ct));
        Assert.Equal("CL001", await Writers.Refusal(database.Db.Run($"update jyotiflow.refunds set status = 'pending' where id = {refund}", Ct)));
        var again = await Refund(payment, 10);
        Assert.Equal("CL004", await Writers.Refusal(database.Db.Run($"update jyotiflow.refunds set amount = 1 where id = {again}", Ct)));
        Assert.Equal("CL006", await Writers.Refusal(database.Db.Run($"update billing.payments set refunded_amount = 0 where id = {payment}", Ct)));
        Assert.Equal("CL006", await Writers.Refusal(database.Db.Run($"insert into billing.payments (amount, refunded_amount) values (5, 5)", Ct)));
        Assert.Equal("CL004", await Writers.Refusal(database.Db.Run($"update jyotiflow.payments set amount = 99 where id = {payment}", Ct)));
        Assert.Equal("CL001", await Writers.Refusal(database.Db.Run($"update jyotiflow.payments set status = 'failed' where id = {payment}", Ct)));
        Assert.Equal("CL001", await Writers.Refusal(database.Db.Run($"insert into jyotiflow.payments (amount, status) values (1, 'succeeded')", Ct)));
        Assert.Equal("42501", await Writers.Refusal(database.Db.Run($"delete from jyotiflow.payments where id = {payment}", Ct)));
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from jyotiflow.payments p where p.id in ({pending}, {payment})", Ct));
    }

    [Fact]
    public async Task Defect_132_Credits_are_a_sum_that_8_writers_cannot_overdraw()
    {
        var customer = await Holding(100);
        var results = await Writers.Eight(4, n => database.Db.Run($"select billing.use_credits({customer}, 7, {$"session {customer} {n}"})", Ct));
        Assert.Equal((14, 18), (results.Count(r => r is null), results.Count(r => r == "CL002")));
        Assert.Equal(2, await Credits(customer));
        Assert.Equal("t t", await database.Db.One<string>($"""
            select concat_ws(' ', sum(t.amount) = 2, bool_and(t.balance_after >= 0)) from jyotiflow.credit_transactions t where t.user_id = {customer}
            """, Ct));
        Assert.Equal("42501", await Writers.Refusal(database.Db.Run($"update jyotiflow.credit_transactions set amount = 1 where user_id = {customer}", Ct)));
        Assert.Equal("42501", await Writers.Refusal(database.Db.Run($"delete from jyotiflow.credit_transactions where user_id = {customer}", Ct)));
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select billing.credit_balance({customer})", Ct));
    }

    [Fact]
    public async Task A_repeated_request_uses_credits_once()
    {
        var (customer, key) = (await Holding(100), Guid.NewGuid().ToString());
        Assert.All(await Writers.Eight(4, _ => database.Db.Run($"select billing.use_credits({customer}, 30, {key})", Ct)), Assert.Null);
        Assert.Equal(70, await Credits(customer));
        Assert.Equal("CL005", await Writers.Refusal(database.Db.Run($"select billing.use_credits({customer}, 31, {key})", Ct)));
    }

    [Fact]
    public async Task A_package_is_credited_when_its_payment_succeeds_and_taken_back_by_parts()
    {
        var customer = await database.Customer();
        var package = await database.Db.One<Guid>($"insert into jyotiflow.credit_packages (name, credits, bonus_credits, price) values ({Guid.NewGuid().ToString()}, 90, 10, 30) returning id", Ct);
        var payment = await database.Db.One<Guid>($"insert into jyotiflow.payments (user_id, amount, credit_package_id) values ({customer}, 30, {package}) returning id", Ct);
        Assert.Equal(0, await Credits(customer));
        await database.Db.Run($"update jyotiflow.payments set status = 'succeeded' where id = {payment}", Ct);
        Assert.Equal(100, await Credits(customer));
        Assert.Equal("credits 100", await database.Db.One<string>($"select concat_ws(' ', p.purpose, p.credits) from jyotiflow.user_purchases p where p.id = {payment}", Ct));

        // Thirds of 100: 33, then 34, then 33, which are all.
        var first = await Refund(payment, 10);
        Assert.Equal(67, await Credits(customer));
        await Refund(payment, 10);
        Assert.Equal(33, await Credits(customer));
        await database.Db.Run($"update jyotiflow.refunds set status = 'failed' where id = {first}", Ct);
        Assert.Equal(66, await Credits(customer));
        // Used credits do not come back, so the money for them does not go back.
        await database.Db.Run($"select billing.use_credits({customer}, 60, {"use " + customer})", Ct);
        Assert.Equal("CL002", await Writers.Refusal(Refund(payment, 20)));
        Assert.Equal("10.00", await database.Db.One<string>($"select p.refunded_amount::text from jyotiflow.payments p where p.id = {payment}", Ct));
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from jyotiflow.credit_transactions", Ct));
    }

    [Fact]
    public async Task A_payment_is_credited_once_however_often_it_succeeds()
    {
        var customer = await database.Customer();
        var payment = await database.Db.One<Guid>($"insert into jyotiflow.payments (user_id, amount, credits) values ({customer}, 5, 50) returning id", Ct);
        Assert.All(await Writers.Eight(1, _ => database.Db.Run($"update jyotiflow.payments set status = 'succeeded' where id = {payment}", Ct)), Assert.Null);
        Assert.Equal(50, await Credits(customer));
        Assert.Equal(1, await database.Db.One<long>($"select count(*) from log.events e where e.event_type = 'payment_changed' and e.customer_id = {customer}", Ct));
    }

    [Fact]
    public async Task Defect_133_No_card_number_is_kept()
    {
        var (customer, token) = (await database.Customer(), Guid.NewGuid().ToString());
        Task<long> Method(string value, bool isDefault = false) =>
            database.Db.Run($"insert into jyotiflow.payment_methods (user_id, provider, provider_token, last_four, is_default) values ({customer}, 'stripe', {value}, '4242', {isDefault})", Ct);
        Assert.Equal("23514", await Writers.Refusal(Method("4242424242424242")));
        Assert.Equal("23514", await Writers.Refusal(Method("4242 4242-4242 4242")));
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"insert into jyotiflow.payment_methods (user_id, provider, provider_token, last_four) values ({customer}, 'stripe', 'x', '42424')", Ct)));
        await Method("pm_" + token, true);
        Assert.Equal("23505", await Writers.Refusal(Method("pm_" + token)));
        Assert.Equal("23505", await Writers.Refusal(Method("pm_2" + token, true)));
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from jyotiflow.payment_methods", Ct));
        // The tokens are for administrators and the platform.
        Assert.Equal(0, await database.For(database.Alpha with { Access = Access.Member }).One<long>($"select count(*) from jyotiflow.payment_methods", Ct));
        // Nothing in the table could hold a whole number or a check code.
        Assert.Equal(["last_four"], await database.Db.List<string>($"""
            select c.column_name::text from information_schema.columns c where c.table_schema = 'jyotiflow' and c.table_name = 'payment_methods' and c.column_name ~ '(number|cvc|cvv|pan|four)'
            """, Ct));
    }

    [Fact]
    public async Task A_thing_has_one_price_at_a_time()
    {
        var key = Guid.NewGuid().ToString();
        Task<long> Price(string from, string? until, string currency = "USD") => database.Db.Run($"""
            insert into jyotiflow.pricing_config (price_key, price, currency, valid_from, valid_until) values ({key}, 1.25, {currency}, {from}::timestamptz, {until}::timestamptz)
            """, Ct);
        await Price("2026-01-01", "2026-02-01");
        await Price("2026-02-01", null);
        await Price("2026-01-15", null, "EUR");
        Assert.Equal("23P01", await Writers.Refusal(Price("2026-01-15", "2026-01-16")));
        Assert.Equal("23514", await Writers.Refusal(Price("2025-02-01", "2025-01-01")));
        await database.For(database.Beta).Run($"insert into jyotiflow.pricing_config (price_key, price, valid_from) values ({key}, 1, '2026-01-01')", Ct);
    }

    [Fact]
    public async Task A_merge_carries_the_credits_and_an_erasure_keeps_the_money()
    {
        var (survivor, merged) = (await Holding(10), await Holding(5));
        await Paid(20, merged, 100);
        await database.Db.Run($"select customers.merge({survivor}, {merged}, 'same')", Ct);
        Assert.Equal((115L, 0L), (await Credits(survivor), await Credits(merged)));
        await database.Db.Run($"insert into jyotiflow.payment_methods (user_id, provider, provider_token) values ({survivor}, 'stripe', {"pm_" + survivor})", Ct);

        await database.Db.Run($"select customers.erase({survivor})", Ct);
        Assert.Equal(115, await Credits(survivor));
        Assert.Equal("1 0", await database.Db.One<string>($"""
            select concat_ws(' ', (select count(*) from jyotiflow.payments p where p.user_id = {survivor}), (select count(*) from jyotiflow.payment_methods m where m.user_id = {survivor}))
            """, Ct));
    }

    [Fact]
    public async Task Credits_are_added_by_payments_or_administrators()
    {
        var customer = await database.Customer();
        var (key, member, admin) = (database.For(database.Alpha with { Access = Access.Key }), database.For(database.Alpha with { Access = Access.Member }), database.For(database.Alpha with { Access = Access.Admin }));
        Task<long> Add(Db who, string reason, long credits) => who.Run(
            $"insert into billing.credit_transactions (customer_id, reason, amount, idempotency_key) values ({customer}, {reason}, {credits}, {Guid.NewGuid().ToString()})", Ct);
        foreach (var reason in new[] { "bonus", "purchase", "correction", "merge" })
        {
            Assert.Equal("42501", await Writers.Refusal(Add(key, reason, 1_000_000)));
            Assert.Equal("42501", await Writers.Refusal(Add(member, reason, 1)));
        }
        await Add(admin, "bonus", 10);

        // A key takes payments, refunds them and uses credits as ever.
        var payment = await key.One<Guid>($"insert into billing.payments (customer_id, amount, credits) values ({customer}, 10, 100) returning id", Ct);
        await key.Run($"update billing.payments set status = 'succeeded' where id = {payment}", Ct);
        var refund = await key.One<Guid>($"insert into billing.refunds (payment_id, amount) values ({payment}, 5) returning id", Ct);
        Assert.Equal(60, await Credits(customer));
        await key.Run($"update billing.refunds set status = 'failed' where id = {refund}", Ct);
        await key.Run($"select billing.use_credits({customer}, 1, {"use " + customer})", Ct);
        Assert.Equal(109, await Credits(customer));
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select billing.credit_balance({customer})", Ct));
    }
}
