using Clientele.DataApi.Catalogue;
using Clientele.DataApi.Parse;

namespace Clientele.DataApi.Plan;

/// <summary>A request as it came, with its words told apart but nothing looked up.</summary>
internal sealed class ApiRequest
{
    public required string Method { get; init; }

    /// <summary>After the API's own prefix: /projects, /rpc/total.</summary>
    public required string Path { get; init; }
    public required string QueryString { get; init; }
    public required Preferences Prefer { get; init; }
    public required IReadOnlyList<MediaType> Accept { get; init; }
    public string? AcceptText { get; init; }
    public string ContentType { get; init; } = string.Empty;

    /// <summary>Empty until it is known who asks: nobody fills the memory without a right to.</summary>
    public ReadOnlyMemory<byte> Body { get; set; }

    public string? AcceptProfile { get; init; }
    public string? ContentProfile { get; init; }
    public string? Range { get; init; }

    public bool IsHead => Method == "HEAD";
    public bool Reads => Method is "GET" or "HEAD";
}

/// <summary>How the body of an answer is made.</summary>
internal enum Form { JsonArray, JsonObject, Csv, GeoJson, Handler, Raw, Plan }

/// <param name="ContentType">What the answer says it is.</param>
internal sealed record Shape(Form Form, string ContentType)
{
    public bool StripNulls { get; init; }
    public Handler? Handler { get; init; }
    public MediaType? Plan { get; init; }
}

internal abstract class ActionPlan
{
    public required string Schema { get; init; }
    public required Query Query { get; init; }
    public required Shape Shape { get; init; }
}

internal sealed class ReadAction : ActionPlan
{
    public required ReadPlan Rows { get; init; }
}

internal enum Change { Insert, Update, Upsert, Delete }

internal sealed class WriteAction : ActionPlan
{
    public required Change Change { get; init; }
    public required Relation Relation { get; init; }

    /// <summary>What is written, in this order.</summary>
    public required List<Column> Columns { get; init; }
    public Payload? Payload { get; init; }

    /// <summary>What the payload does not say is the column's default.</summary>
    public bool MissingDefault { get; init; }

    /// <summary>Unique columns by which a row is known to be there.</summary>
    public List<Column> Conflict { get; init; } = [];
    public bool Merge { get; init; }

    /// <summary>Which rows; and, when they are asked for, how they are shown.</summary>
    public required ReadPlan Rows { get; init; }
    public required Return Return { get; init; }

    /// <summary>Nothing to write: the answer says so without asking the database.</summary>
    public bool Nothing => Change == Change.Update && Columns.Count == 0 || Payload is { Count: 0 };
}

internal sealed class CallAction : ActionPlan
{
    public required Routine Routine { get; init; }

    /// <summary>Arguments as texts, of a GET or a form. Several of one name are a list.</summary>
    public List<(Parameter Parameter, List<string> Values)>? Texts { get; init; }

    /// <summary>The JSON object the arguments are members of.</summary>
    public string? Json { get; init; }
    public List<Parameter> Members { get; init; } = [];

    /// <summary>The whole body is the argument.</summary>
    public ReadOnlyMemory<byte>? Whole { get; init; }

    /// <summary>Null: it returns no rows.</summary>
    public ReadPlan? Rows { get; init; }
    public required bool ReadOnly { get; init; }
}

/// <summary>The description of the API.</summary>
internal sealed class RootAction : ActionPlan;
