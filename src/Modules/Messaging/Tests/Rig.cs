using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Clientele.Testing;
using Npgsql;

namespace Clientele.Messaging.Tests;

/// <summary>A database in which the other organization has everything under the same names, so that whatever leaks is counted.</summary>
public sealed class Rig : TestDatabase
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Somebody of alpha's staff, signed in as a member.</summary>
    public Tenant Marketer { get; private set; } = null!;

    /// <summary>A colleague of theirs.</summary>
    public Tenant Colleague { get; private set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Marketer = Alpha with { Access = Access.Admin, ActorId = await Person(Alpha, "marketer") };
        Colleague = Alpha with { Access = Access.Member, ActorId = await Person(Alpha, "colleague") };
        var theirs = await Customer(Beta);
        var campaign = await Campaign(Beta);
        await For(Beta).Run($"insert into messaging.campaign_sends (campaign_id, customer_id, send_status) values ({campaign}, {theirs}, 'sent')", CancellationToken.None);
        await For(Beta).Run($"insert into messaging.messages (customer_id, recipient, channel, body, scheduled_at) values ({theirs}, 'theirs@beta.example', 'email', 'theirs', now() + interval '1 day')", CancellationToken.None);
    }

    public Task<Guid> Person(Tenant tenant, string name) => Service.One<Guid>($"""
        with person as (insert into platform.platform_users (email, name) values ({$"{name}-{Guid.NewGuid():N}@staff.example"}, {name}) returning id)
        insert into platform.organization_members (organization_id, user_id, role) select {tenant.OrganizationId}, p.id, 'admin' from person p returning user_id
        """, CancellationToken.None);

    public Task<Guid> Customer(Tenant? tenant = null) => For(tenant ?? Alpha).One<Guid>($"""
        insert into customers.customers (customer_id, email, phone) values ({Guid.NewGuid().ToString()}, {$"{Guid.NewGuid():N}@shop.example"}, {"+22177" + Random.Shared.Next(1000000, 9999999)}) returning id
        """, CancellationToken.None);

    public async Task<Guid[]> Customers(int number)
    {
        var word = Guid.NewGuid().ToString("N");
        return [.. await Db.List<Guid>($"insert into customers.customers (customer_id) select {word} || n from generate_series(1, {number}) as n returning id", Ct)];
    }

    public Task<Guid> Campaign(Tenant? tenant = null, decimal? budget = null, long? most = null, long? mostADay = null) => For(tenant ?? Alpha).One<Guid>($"""
        insert into messaging.campaigns (name, campaign_type, channel, message_content, budget, max_sends, daily_send_limit)
        values ('Spring', 'email', 'email', {"""{"subject": "Spring"}"""}::jsonb, {budget}, {most}, {mostADay}) returning id
        """, CancellationToken.None);

    /// <summary>A campaign that runs.</summary>
    public async Task<Guid> Running(decimal? budget = null)
    {
        var id = await Campaign(null, budget);
        await For(Marketer).Run($"update messaging.campaigns set approval_status = 'pending_approval' where id = {id}", Ct);
        await For(Marketer).Run($"update messaging.campaigns set approval_status = 'approved' where id = {id}", Ct);
        await For(Marketer).Run($"update messaging.campaigns set status = 'active' where id = {id}", Ct);
        return id;
    }

    public Task<Guid> Segment(Tenant? tenant = null) =>
        For(tenant ?? Alpha).One<Guid>($"insert into analytics.segments (name, criteria) values ({Guid.NewGuid().ToString()}, {"{}"}::jsonb) returning id", CancellationToken.None);

    /// <summary>A template with one published text.</summary>
    public Task<Guid> Template(string key, string words, string channels = "email") => Db.One<Guid>($"""
        insert into wolo.notification_templates (template_key, name, subject, body_text, channels, locale) values ({key}, {key}, {words}, {words}, string_to_array({channels}, ','), 'en') returning id
        """, Ct);

    /// <summary>The SQLSTATE a statement is refused with.</summary>
    public async Task<string> Refusal(Sql sql, Tenant? tenant = null) =>
        (await Assert.ThrowsAsync<PostgresException>(() => For(tenant ?? Alpha).Run(sql, Ct))).SqlState;

    /// <summary>Eight at once.</summary>
    public static async Task<T[]> Eight<T>(Func<int, Task<T>> writer)
    {
        using var gate = new ManualResetEventSlim();
        var writers = Enumerable.Range(0, 8).Select(n => Task.Run(async () =>
        {
            gate.Wait(Ct);
            return await writer(n);
        }, Ct)).ToArray();
        gate.Set();
        return await Task.WhenAll(writers);
    }
}
