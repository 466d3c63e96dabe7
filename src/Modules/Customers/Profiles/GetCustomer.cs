using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;

namespace Clientele.Customers.Profiles;

/// <summary>GET /api/customers/{id}</summary>
internal static class GetCustomer
{
    public sealed record View(
        Guid Id, string ExternalId, string? Name, string? Email, string? Country, string? City, string Stage, string Status, string Type,
        DateTimeOffset FirstSeenAt, DateTimeOffset? LastSeenAt, long Orders, decimal Revenue, decimal? AverageOrderValue, DateTimeOffset? LastOrderAt, string Currency,
        string? Phone, string? State, string? AcquisitionChannel, string? AcquisitionSource, string[] Tags, JsonElement CustomAttributes,
        decimal Refunds, long Sessions, long PageViews, DateTimeOffset CreatedAt);

    public static async Task<View> Handle(Guid id, Db db, CancellationToken ct) => await db.Find<View>($"""
        select {CustomerView.Columns}, c.phone, c.state, c.acquisition_channel, c.acquisition_source, c.tags, c.custom_attributes,
               coalesce(f.total_refunds, 0) as refunds, coalesce(f.total_sessions, 0) as sessions, coalesce(f.total_page_views, 0) as page_views, c.created_at
        from customers.customers c
        join platform.organizations o on o.id = c.organization_id
        left join customers.customer_figures f on f.organization_id = c.organization_id and f.customer_id = c.id
        where c.organization_id = platform.organization() and c.id = {id}
        """, ct) ?? throw Problem.NotFound("customer");
}
