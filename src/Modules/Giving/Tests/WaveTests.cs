using Clientele.Testing;
namespace Clientele.Giving.Tests;

/// <summary>Events of Wave: each acted upon once, whatever order they come in.</summary>
public sealed class WaveTests(Writers database) : IClassFixture<Writers>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private async Task<Guid> Donation(long amount = 5000)
    {
        var owner = await database.Customer();
        var pot = await database.Db.One<Guid>($"insert into wolo.pots (owner_user_id, title, target_amount_cfa, birthday_date) values ({owner}, 'Awa', 100000, current_date + 9) returning id", Ct);
        return await database.Db.One<Guid>($"insert into wolo.donations (pot_id, amount_cfa) values ({pot}, {amount}) returning id", Ct);
    }

    private Task<string> Receive(string id, string type, Guid donation, long amount = 5000, string status = "succeeded") => database.Db.One<string>($"""
        select giving.receive_wave_event({id}, {type}, jsonb_build_object('id', {id}, 'type', {type}, 'data', jsonb_build_object(
            'client_reference', {donation.ToString()}, 'amount', {amount.ToString()}, 'payment_status', {status}, 'transaction_id', {"TX" + donation})))
        """, Ct);

    private Task<string> Status(Guid donation) => database.Db.One<string>($"select d.status from wolo.donations d where d.id = {donation}", Ct);

    [Fact]
    public async Task Defect_110_An_event_that_comes_sixteen_times_counts_once()
    {
        var (donation, id) = (await Donation(), Guid.NewGuid().ToString());
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Receive(id, "checkout.session.completed", donation)));
        Assert.Equal((1, 15), (answers.Count(a => a == "done"), answers.Count(a => a == "repeated")));
        Assert.Equal("succeeded t t", await database.Db.One<string>($"""
            select concat_ws(' ', d.status, d.wave_notified_at is not null, d.wave_transaction_id = {"TX" + donation}) from wolo.donations d where d.id = {donation}
            """, Ct));
        Assert.Equal("15 t t", await database.Db.One<string>($"""
            select concat_ws(' ', e.retry_count, e.donation_id = {donation}, e.processed_at is not null) from wolo.wave_webhook_events e where e.wave_event_id = {id} and e.idempotency_key = e.wave_event_id
            """, Ct));
        Assert.Equal(1, await database.Db.One<long>($"select count(*) from log.events e where e.event_type = 'donation_changed' and e.properties ->> 'id' = {donation.ToString()}", Ct));
        // Another organization may have an event of the same id, and reaches no donation of this one.
        Assert.Equal("failed", await database.For(database.Beta).One<string>($"""
            select giving.receive_wave_event({id}, 'checkout.session.completed', jsonb_build_object('data', jsonb_build_object('client_reference', {donation.ToString()})))
            """, Ct));
        Assert.Equal("23505", await Writers.Refusal(database.Db.Run($$"""insert into wolo.wave_webhook_events (wave_event_id, event_type, raw_payload) values ({{id}}, 'x', '{}')""", Ct)));
    }

    [Fact]
    public async Task Defect_110_An_event_and_its_effects_are_one_transaction()
    {
        var (donation, id) = (await Donation(), Guid.NewGuid().ToString());
        await Assert.ThrowsAsync<InvalidOperationException>(() => database.Db.InTransaction(async t =>
        {
            Assert.Equal("done", await t.One<string>($"""
                select giving.receive_wave_event({id}, 'checkout.session.completed', jsonb_build_object('data', jsonb_build_object('client_reference', {donation.ToString()})))
                """, Ct));
            throw new InvalidOperationException();
        }, Ct));
        Assert.Equal("pending", await Status(donation));
        Assert.Equal("done", await Receive(id, "checkout.session.completed", donation));
    }

    [Fact]
    public async Task Defect_110_Late_and_disordered_events_take_nothing_back()
    {
        var donation = await Donation();
        Assert.Equal("done", await Receive(donation + "1", "checkout.session.completed", donation, status: "processing"));
        Assert.Equal("processing", await Status(donation));
        Assert.Equal("done", await Receive(donation + "2", "checkout.session.completed", donation));
        Assert.Equal("nothing to do", await Receive(donation + "3", "checkout.session.completed", donation, status: "processing"));
        Assert.Equal("nothing to do", await Receive(donation + "4", "checkout.session.payment_failed", donation));
        Assert.Equal("nothing to do", await Receive(donation + "5", "merchant.payment_received", donation));
        Assert.Equal("succeeded", await Status(donation));
        Assert.Equal(5, await database.Db.One<long>($"select count(*) from wolo.wave_webhook_events e where e.donation_id = {donation} and e.processed_at is not null", Ct));

        var refused = await Donation();
        Assert.Equal("done", await Receive(refused + "1", "checkout.session.payment_failed", refused));
        Assert.Equal("failed", await Status(refused));
    }

    [Fact]
    public async Task What_does_not_fit_is_kept_with_the_reason_and_tried_again()
    {
        var (donation, id) = (await Donation(), Guid.NewGuid().ToString());
        Assert.Equal("failed", await Receive(id, "checkout.session.completed", donation, amount: 4999));
        Assert.Equal("pending", await Status(donation));
        Assert.Contains("4999", await database.Db.One<string>($"select e.processing_error from wolo.wave_webhook_events e where e.wave_event_id = {id}", Ct), StringComparison.Ordinal);

        // It came before the donation was written.
        var (early, late) = (Guid.NewGuid().ToString(), Guid.NewGuid());
        Assert.Equal("failed", await Receive(early, "checkout.session.completed", late, 700));
        var pot = await database.Db.One<Guid>($"select d.pot_id from wolo.donations d where d.id = {donation}", Ct);
        await database.Db.Run($"insert into wolo.donations (id, pot_id, amount_cfa) values ({late}, {pot}, 700)", Ct);
        Assert.Equal("done", await Receive(early, "checkout.session.completed", late, 700));
        Assert.Equal("succeeded", await Status(late));
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from wolo.wave_webhook_events e where e.wave_event_id = {early}", Ct));
    }
}
