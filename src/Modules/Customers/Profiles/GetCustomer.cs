using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;

namespace Clientele.Customers.Profiles;

/// <summary>GET /api/customers/{id}: the person of that id, or whom a merged profile is now.</summary>
internal static class GetCustomer
{
    /// <param name="TrackingRefused">They do not want their behaviour collected.</param>
    public sealed record View(
        Guid Id, string ExternalId, string? Name, string? Email, string? Country, string? City, string Stage, string Status, string Type,
        DateTimeOffset FirstSeenAt, DateTimeOffset? LastSeenAt, long Orders, decimal Revenue, decimal? AverageOrderValue, DateTimeOffset? LastOrderAt, string Currency,
        string? Phone, string? State, string? AcquisitionChannel, string? AcquisitionSource, string[] Tags, JsonElement CustomAttributes,
        decimal Refunds, long Sessions, long PageViews, DateTimeOffset CreatedAt, bool TrackingRefused);

    public static async Task<View> Handle(Guid id, Db db, CancellationToken ct) => await db.Find<View>($"""
        select {CustomerView.Columns}, c.phone, c.state, c.acquisition_channel, c.acquisition_source, c.tags, c.custom_attributes,
               f.total_refunds as refunds, f.total_sessions as sessions, f.total_page_views as page_views, c.created_at,
               exists (select from customers.refusing(array[c.id])) as tracking_refused
        from customers.customers c
        join platform.organizations o on o.id = c.organization_id
        join customers.customer_figures f on f.organization_id = c.organization_id and f.customer_id = c.id
        where c.organization_id = platform.organization() and c.id = customers.person({id})
        """, ct) ?? throw Problem.NotFound("customer");
}
