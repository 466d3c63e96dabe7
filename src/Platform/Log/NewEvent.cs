using System.Net;
using Clientele.Platform.Data;

namespace Clientele.Platform.Log;

/// <summary>A fact about to be appended to the log.</summary>
/// <param name="Type">What happened, a word of the catalogue: lower-case, at most 100 characters (<c>order_completed</c>).</param>
/// <param name="OccurredAt">When. More than a day in the future is replaced by now, the claim kept in <c>claimed_at</c>.</param>
public sealed record NewEvent(string Type, DateTimeOffset OccurredAt)
{
    /// <summary>Version 7, so that ids arrive nearly in order and the index grows at its end.</summary>
    public Guid Id { get; init; } = Guid.CreateVersion7();

    /// <summary>For people; the type when not given.</summary>
    public string? Name { get; init; }
    public string? Category { get; init; }
    public Json Properties { get; init; } = EmptyProperties;

    /// <summary>Money, in <see cref="Currency"/>.</summary>
    public decimal? Value { get; init; }
    public string? Currency { get; init; }

    /// <summary>The profile it is recorded with, for ever.</summary>
    public Guid? CustomerId { get; init; }
    public Guid? WorkspaceId { get; init; }
    public string? SessionId { get; init; }
    public string? PageUrl { get; init; }
    public string? PageTitle { get; init; }
    public string? ReferrerUrl { get; init; }
    public IPAddress? IpAddress { get; init; }
    public string? UserAgent { get; init; }
    public string? DeviceType { get; init; }
    public string? Browser { get; init; }
    public string? Os { get; init; }
    public string? Country { get; init; }
    public string? City { get; init; }
    public string? UtmSource { get; init; }
    public string? UtmMedium { get; init; }
    public string? UtmCampaign { get; init; }

    /// <summary>The sender's own id for it: the same id a second time is dropped. Null: no deduplication.</summary>
    public string? MessageId { get; init; }

    /// <summary>The import it comes from.</summary>
    public Guid? BatchId { get; init; }

    /// <summary><c>api</c>, <c>import</c>, <c>demo</c>, <c>platform</c>.</summary>
    public string DataSource { get; init; } = "api";

    private static readonly Json EmptyProperties = new("{}");
}
