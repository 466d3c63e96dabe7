using System.Net;

namespace Clientele.Events.Collection;

/// <summary>What a call of an SDK asks for.</summary>
internal enum Call { Track, Identify, Page, Screen, Group, Alias }

/// <summary>What became of an event.</summary>
internal enum Fate { Waiting, Stored, Duplicate, Dropped, Quarantined }

/// <summary>An event on its way into the log: parsed once, in the shape of the row it becomes.</summary>
internal sealed class CollectedEvent
{
    public Guid Id { get; } = Guid.CreateVersion7();
    public required Call Call { get; init; }
    public required string Type { get; init; }
    public required string Name { get; init; }

    /// <summary>What the event tells, as JSON text that PostgreSQL takes.</summary>
    public required string Properties { get; set; }

    /// <summary>All the rest of the message, as it was sent. Null once it was stripped.</summary>
    public required string? Context { get; set; }

    /// <summary>Traits told of the person (identify) or the group, as JSON text.</summary>
    public string? Traits { get; init; }

    public string? MessageId { get; private set; }

    /// <summary>Gives it a message id that it did not bring.</summary>
    public CollectedEvent Named(string? id)
    {
        MessageId = id;
        return this;
    }

    public string? UserId { get; set; }
    public string? VisitorId { get; set; }
    public string? PreviousId { get; init; }
    public string? GroupType { get; init; }
    public string? GroupKey { get; init; }
    public IReadOnlyList<(string Kind, string Id)> ExternalIds { get; init; } = [];

    /// <summary>Addresses in traits, for whoever was erased under them.</summary>
    public string? Email { get; init; }
    public string? Phone { get; init; }

    /// <summary>The event itself says that the person did not consent.</summary>
    public bool Refused { get; init; }

    public DateTimeOffset OccurredAt { get; init; }
    public decimal? Value { get; init; }
    public string? Currency { get; init; }
    public string? SessionId { get; set; }
    public string? PageUrl { get; set; }
    public string? PageTitle { get; set; }
    public string? Referrer { get; set; }
    public IPAddress? Ip { get; set; }
    public string? UserAgent { get; set; }
    public string? Device { get; set; }
    public string? Browser { get; set; }
    public string? Os { get; set; }
    public string? Screen { get; set; }
    public string? Country { get; set; }
    public string? City { get; set; }
    public string? UtmSource { get; init; }
    public string? UtmMedium { get; init; }
    public string? UtmCampaign { get; init; }
    public string? UtmTerm { get; init; }
    public string? UtmContent { get; init; }

    /// <summary>Where a visit came from, as JSON; null when the event tells of none.</summary>
    public string? Touch { get; init; }
    public string? Library { get; init; }
    public Guid WorkspaceId { get; init; }

    /// <summary>It came with a secret key or from a file, not with a key that stands in web pages.</summary>
    public bool Trusted { get; init; }
    public string DataSource { get; init; } = "api";
    public Guid? BatchId { get; init; }

    // Found out while it is written.
    public Guid? Profile { get; set; }
    public Fate Fate { get; set; }
    public string? Problem { get; set; }

    /// <summary>Takes away what tells who it was: what happened stays.</summary>
    public void Strip()
    {
        (UserId, VisitorId, Profile, Context, Ip, UserAgent, SessionId, City) = (null, null, null, null, null, null, null, null);
        (Device, Browser, Os, Screen, Referrer, PageTitle) = (null, null, null, null, null, null);
        if (PageUrl?.IndexOfAny(['?', '#']) is >= 0 and var query) PageUrl = PageUrl[..query];
        if (Call is not (Call.Track or Call.Page or Call.Screen)) Properties = "{}";
    }
}

/// <summary>What was sent as an event and cannot be one.</summary>
/// <param name="Index">Its place in the batch.</param>
/// <param name="Payload">As it was sent, cut when it is long; as JSON text that PostgreSQL takes.</param>
internal sealed record RefusedEvent(int Index, string Problem, string Payload, string? EventType, string? MessageId);
