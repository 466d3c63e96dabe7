using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Clientele.Testing;
using Npgsql;

namespace Clientele.Analytics.Tests;

/// <summary>Alpha reports in Paris. Beta has a customer for each of alpha's, of the same ids, who would spoil every figure.</summary>
public class AnalyticsDatabase : TestDatabase
{
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await Service.Run($"update platform.organizations set time_zone = 'Europe/Paris'", CancellationToken.None);
    }

    /// <summary>A customer of alpha and one of beta who has the same id and is of the best kind.</summary>
    public async Task<Guid> Customer(string id, string seen = "2026-01-10T12:00Z", string type = "regular", string status = "active", string? country = null, string attributes = "{}", string? tag = null, string? activated = null)
    {
        await For(Beta).Run($"""
            insert into customers.customers (customer_id, customer_type, first_seen_at, country, custom_attributes, activated_at)
            values ({id}, 'premium', {seen}::timestamptz, {country}, {new Json(attributes)}, {seen}::timestamptz) on conflict do nothing
            """, CancellationToken.None);
        return await Db.One<Guid>($"""
            insert into customers.customers (customer_id, name, customer_type, customer_status, first_seen_at, activated_at, country, custom_attributes, tags)
            values ({id}, {"Name of " + id}, {type}, {status}, {seen}::timestamptz, {activated}::timestamptz, {country}, {new Json(attributes)}, array_remove(array[{tag}], null))
            returning id
            """, CancellationToken.None);
    }

    /// <summary>Events of a customer of alpha; beta's namesake has a thousand times as much.</summary>
    public async Task Events(string id, string type, int count, string at, decimal? value = null, string? session = null)
    {
        foreach (var (tenant, times, worth) in new[] { (Alpha, count, value), (Beta, count * 3, value * 1000) })
            await For(tenant).Run($"""
                insert into log.events (organization_id, event_type, event_name, customer_id, event_value, session_id, occurred_at)
                select platform.organization(), {type}, {type}, c.id, {worth}::numeric, {session}, {at}::timestamptz + n * interval '1 second'
                from customers.customers c
                cross join generate_series(0, {times} - 1) as n
                where c.customer_id = {id}
                """, CancellationToken.None);
    }

    /// <summary>What the consumer of the log would have counted.</summary>
    public Task Figures(Guid customer, string lastSeen, long orders = 0, decimal revenue = 0, decimal refunds = 0) => Service.Run($"""
        update customers.customer_figures set last_seen_at = {lastSeen}::timestamptz, total_orders = {orders}, total_revenue = {revenue}, total_refunds = {refunds}
        where customer_id = {customer}
        """, CancellationToken.None);

    /// <summary>Two profiles are found to be one person.</summary>
    public Task Map(Guid profile, Guid person) => Service.Run($"insert into customers.person_map values ({Alpha.OrganizationId}, {profile}, {person})", CancellationToken.None);

    /// <summary>Staff of alpha.</summary>
    public async Task<Tenant> Member(string name, string role = "viewer", Access access = Access.Member)
    {
        var id = await Service.One<Guid>($"insert into platform.platform_users (email, name) values ({name + "@alpha.example"}, {name}) returning id", CancellationToken.None);
        await Service.Run($"insert into platform.organization_members (organization_id, user_id, role) values ({Alpha.OrganizationId}, {id}, {role})", CancellationToken.None);
        return new Tenant(Alpha.OrganizationId, id, access);
    }

    public static async Task<PostgresException> Refused(Func<Task> act, string state)
    {
        var refused = await Assert.ThrowsAsync<PostgresException>(act);
        Assert.Equal(state, refused.SqlState);
        return refused;
    }
}
