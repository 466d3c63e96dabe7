using Clientele.DataApi.Catalogue;

namespace Clientele.DataApi.Run;

/// <summary>How requests of one front door are answered.</summary>
internal sealed record EngineOptions(Exposure Exposure)
{
    public long? MaxRows { get; init; }

    /// <summary>Whether a request may ask for all rows in place of a page of them; the front door says who.</summary>
    public bool OffersAllRows { get; init; }
    public bool Aggregates { get; init; }
    public bool Plans { get; init; }
    public bool TargetNames { get; init; } = true;

    /// <summary>A function called before each request's statement, in its transaction.</summary>
    public (string Schema, string Name)? PreRequest { get; init; }

    /// <summary>A function that stands for the description of the API.</summary>
    public string? RootRoutine { get; init; }
    public bool DescribeItself { get; init; } = true;

    /// <summary>Whether the description leaves out what the caller may not use.</summary>
    public bool DescriptionFollowsRights { get; init; } = true;

    /// <summary>Transactions end in a rollback unless the request says otherwise.</summary>
    public bool RollBack { get; init; }

    /// <summary>Whether a request may say how its transaction ends.</summary>
    public bool MayChooseEnd { get; init; }

    /// <summary>Whether functions that read response.headers and response.status have a say in the answer.</summary>
    public bool ResponseSettings { get; init; } = true;
    public bool ServerTiming { get; init; }

    /// <summary>The most bytes of a body.</summary>
    public int LargestBody { get; init; } = 50 * 1024 * 1024;

    /// <summary>The planner's cost above which a read is refused; null: none.</summary>
    public double? MostCost { get; init; }

    /// <summary>Each write leaves an entry in the audit trail, with what was there before and after.</summary>
    public bool Audited { get; init; }

    /// <summary>A name that is not known is looked for once more in a catalogue read anew, at most every few seconds.</summary>
    public bool ReloadsWhenUnknown { get; init; }

    /// <summary>The address the API is known by, in its description.</summary>
    public string? PublicAddress { get; init; }
}

/// <summary>Who asks, as settings of the transaction.</summary>
/// <param name="Settings">Names are fixed by the front door, values are the request's.</param>
/// <param name="Anonymous">Nobody said who they are: what is forbidden to them is answered by 401.</param>
internal sealed record Asker(IReadOnlyList<KeyValuePair<string, string>> Settings, bool Anonymous)
{
    /// <summary>The schema meant by a request that names none; null: the first.</summary>
    public string? Schema { get; init; }

    /// <summary>Nobody in particular, reading what is meant by default, and nothing in the database looks at settings.</summary>
    public bool Plain { get; init; }

    /// <summary>Waits until they may hold a connection, and gives back what ends that; null: at once.</summary>
    public Func<CancellationToken, ValueTask<IDisposable>>? Enter { get; init; }

    /// <summary>The most rows they get at each level; null: the front door's limit.</summary>
    public long? MaxRows { get; init; }

    /// <summary>How long they may take to fetch an answer; null: as long as they like.</summary>
    public TimeSpan? Longest { get; init; }

    /// <summary>They get all rows of the outermost level.</summary>
    public bool AllRows { get; init; }

    /// <summary>The planner's cost above which their reads are refused; null: the front door's limit.</summary>
    public double? MostCost { get; init; }

    /// <summary>Called with what will be done, before it is; null: nobody wants to know.</summary>
    public Func<Plan.ActionPlan, CancellationToken, ValueTask>? Before { get; init; }

    /// <summary>What they may do of what is offered; null: what the database lets them.</summary>
    public Rest.Scope? Scope { get; init; }
}
