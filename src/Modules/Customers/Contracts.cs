using Clientele.Platform.Data;

namespace Clientele.Customers;

/// <summary>A customer about to be made, with what is known of them.</summary>
/// <param name="CustomerId">The id in the client's own system; for somebody without one, their e-mail address or anonymous id.</param>
public sealed record NewCustomer(string CustomerId, DateTimeOffset FirstSeenAt)
{
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>A visitor who has not said who they are: <c>CustomerId</c> is the id their browser made up, and they may yet turn out to be somebody.</summary>
    public bool Anonymous { get; init; }
    public string? Name { get; init; }
    public string? Email { get; init; }
    public string? Country { get; init; }
    public string? City { get; init; }

    /// <summary><c>premium</c>, <c>regular</c>, <c>enterprise</c> or <c>trial</c>.</summary>
    public string Type { get; init; } = "regular";

    /// <summary><c>active</c>, <c>inactive</c>, <c>churned</c> or <c>suspended</c>.</summary>
    public string Status { get; init; } = "active";

    /// <summary><c>new</c>, <c>activated</c>, <c>engaged</c>, <c>at_risk</c>, <c>churned</c> or <c>reactivated</c>.</summary>
    public string Stage { get; init; } = "new";
    public DateTimeOffset? ActivatedAt { get; init; }
    public DateTimeOffset? ChurnedAt { get; init; }
    public string? AcquisitionChannel { get; init; }
    public string? AcquisitionSource { get; init; }
    public string? AcquisitionCampaign { get; init; }
    public string? ReferrerUrl { get; init; }

    /// <summary><c>api</c>, <c>import</c>, <c>demo</c>.</summary>
    public string DataSource { get; init; } = "api";
}

/// <summary>What other modules may do with customers.</summary>
public static class CustomerBook
{
    /// <summary>Makes all customers in one statement, for the transaction's organization. Those whose id is taken stay as they are; but who was a visitor under an id that is a name now, is one no more.</summary>
    /// <returns>How many were made.</returns>
    public static async Task<long> Create(Transaction transaction, IReadOnlyList<NewCustomer> customers, CancellationToken ct)
    {
        if (customers.Count == 0) return 0;
        T[] Column<T>(Func<NewCustomer, T> of) => [.. customers.Select(of)];
        // A visitor whose id is used as somebody's name is a visitor no more, though the rest of the row stays.
        await transaction.Run($"select customers.name_known({customers.Where(c => !c.Anonymous).Select(c => c.CustomerId).ToArray()})", ct);
        return await transaction.Run($"""
            insert into customers.customers (
                organization_id, id, customer_id, name, email, country, city, customer_type, customer_status, lifecycle_stage,
                first_seen_at, activated_at, churned_at, acquisition_channel, acquisition_source, acquisition_campaign, referrer_url, data_source, anonymous)
            select platform.organization(), n.*
            from unnest(
                {Column(c => c.Id)}, {Column(c => c.CustomerId)}, {Column(c => c.Name)}, {Column(c => c.Email)}, {Column(c => c.Country)},
                {Column(c => c.City)}, {Column(c => c.Type)}, {Column(c => c.Status)}, {Column(c => c.Stage)}, {Column(c => c.FirstSeenAt)},
                {Column(c => c.ActivatedAt)}, {Column(c => c.ChurnedAt)}, {Column(c => c.AcquisitionChannel)}, {Column(c => c.AcquisitionSource)},
                {Column(c => c.AcquisitionCampaign)}, {Column(c => c.ReferrerUrl)}, {Column(c => c.DataSource)}, {Column(c => c.Anonymous)}
            ) as n (id, customer_id, name, email, country, city, type, status, stage, first_seen_at, activated_at, churned_at,
                    channel, source, campaign, referrer, data_source, anonymous)
            order by n.customer_id -- one order for all writers: no deadlock
            on conflict (organization_id, customer_id) do nothing
            """, ct);
    }
}
