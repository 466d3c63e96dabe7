using Clientele.Testing;
namespace Clientele.Billing.Tests;

/// <summary>Subscriptions with their history, and invoices with their numbers.</summary>
public sealed class SubscriptionTests(Writers database) : IClassFixture<Writers>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Task<Guid> Plan(decimal price) =>
        database.Db.One<Guid>($"insert into jyotiflow.subscription_plans (name, price) values ({Guid.NewGuid().ToString()}, {price}) returning id", Ct);

    [Fact]
    public async Task Defect_132_A_customer_has_one_subscription_and_its_history_writes_itself()
    {
        var (customer, small, large) = (await database.Customer(), await Plan(5), await Plan(15));
        var results = await Writers.Eight(1, _ => database.Db.Run($"insert into billing.subscriptions (customer_id, plan_id, current_period_start) values ({customer}, {small}, '2026-01-31')", Ct));
        Assert.Equal((1, 7), (results.Count(r => r is null), results.Count(r => r == "23505")));
        Assert.Equal("2026-02-28", await database.Db.One<string>($"select (s.current_period_end at time zone 'UTC')::date::text from billing.subscriptions s where s.customer_id = {customer}", Ct));

        foreach (var change in new[] { $"plan_id = '{large}'", $"plan_id = '{small}'", "status = 'paused'", "status = 'active'", "current_period_end = current_period_end + interval '1 month'", "status = 'cancelled'" })
            await database.Db.Run($"update billing.subscriptions set {Platform.Data.Sql.Composed(change)} where customer_id = {customer}", Ct);
        Assert.Equal(["started", "upgraded", "downgraded", "paused", "resumed", "renewed", "cancelled"],
            await database.Db.List<string>($"select h.change_type from jyotiflow.subscription_history h where h.user_id = {customer} order by h.changed_at", Ct));
        Assert.Equal("CL001", await Writers.Refusal(database.Db.Run($"update billing.subscriptions set status = 'active' where customer_id = {customer}", Ct)));
        Assert.Equal("42501", await Writers.Refusal(database.Db.Run($"insert into billing.subscription_history (subscription_id, change_type, to_plan_id, to_status, period_start, period_end) values ({Guid.NewGuid()}, 'started', {small}, 'active', now(), now())", Ct)));
        Assert.Equal("42501", await Writers.Refusal(database.Db.Run($"delete from jyotiflow.subscription_history where user_id = {customer}", Ct)));
        // When it is over, there may be the next.
        await database.Db.Run($"insert into billing.subscriptions (customer_id, plan_id) values ({customer}, {large})", Ct);
        Assert.Equal("23503", await Writers.Refusal(database.For(database.Beta).Run($"insert into billing.subscriptions (customer_id, plan_id) values ({await database.Customer(database.Beta)}, {large})", Ct)));
    }

    [Fact]
    public async Task Invoice_numbers_have_no_gap_and_no_double_with_8_writers()
    {
        var customer = await database.Customer();
        Task<Guid> Draft() => database.Db.One<Guid>($"insert into jyotiflow.invoices (user_id, subtotal, tax_amount, total) values ({customer}, 10, 2, 12) returning id", Ct);
        var drafts = new List<Guid>();
        for (var i = 0; i < 40; i++) drafts.Add(await Draft());
        var results = await Writers.Eight(5, n => database.Db.InTransaction(async t =>
        {
            await t.Run($"update jyotiflow.invoices set status = 'open' where id = {drafts[n]}", Ct);
            // Every fourth changes its mind, and gives its number back.
            if (n % 4 == 0) await t.Run($"select 1 / 0", Ct);
        }, Ct));
        Assert.Equal(30, results.Count(r => r is null));
        Assert.Equal(Enumerable.Range(1, 30).Select(n => $"INV-{n:000000}"), await database.Db.List<string>($"select i.invoice_number from jyotiflow.invoices i where i.status = 'open' order by 1", Ct));

        var theirs = await database.Customer(database.Beta);
        await database.For(database.Beta).Run($"insert into jyotiflow.invoices (user_id) values ({theirs})", Ct);
        await database.For(database.Beta).Run($"update jyotiflow.invoices set status = 'open'", Ct);
        Assert.Equal(["INV-000001"], await database.For(database.Beta).List<string>($"select i.invoice_number from jyotiflow.invoices i", Ct));

        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"insert into jyotiflow.invoices (user_id, subtotal, tax_amount, total) values ({customer}, 10, 1, 999)", Ct)));
        Assert.Equal("CL004", await Writers.Refusal(database.Db.Run($"update jyotiflow.invoices set subtotal = 1, total = 3 where invoice_number = 'INV-000001'", Ct)));
        Assert.Equal("CL006", await Writers.Refusal(database.Db.Run($"update billing.invoices set number = 99 where number = 1", Ct)));
        Assert.Equal("42501", await Writers.Refusal(database.Db.Run($"update billing.invoice_numbers set last_number = 0", Ct)));
        Assert.Equal("42501", await Writers.Refusal(database.Db.Run($"insert into billing.invoice_numbers (last_number) values (7)", Ct)));
        Assert.Equal("42501", await Writers.Refusal(database.Db.Run($"delete from billing.invoice_numbers", Ct)));
        Assert.Equal("42501", await Writers.Refusal(database.Db.Run($"delete from jyotiflow.invoices where invoice_number = 'INV-000030'", Ct)));
        await database.Db.Run($"update jyotiflow.invoices set status = 'paid' where invoice_number = 'INV-000002'", Ct);
        Assert.True(await database.Db.One<bool>($"select i.paid_at is not null from jyotiflow.invoices i where i.invoice_number = 'INV-000002'", Ct));
    }
}
