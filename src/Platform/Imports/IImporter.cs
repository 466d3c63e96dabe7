using Clientele.Platform.Data;

namespace Clientele.Platform.Imports;

/// <summary>What a module does with the lines of a file. The engine reads, resumes, counts, cancels; the importer owns the tables.</summary>
public interface IImporter
{
    /// <summary>The word in the command and the address: <c>orders</c>.</summary>
    string Kind { get; }

    IReadOnlyList<ImportField> Fields { get; }

    /// <summary>The tables it fills, schema-qualified: after a large import they are vacuumed at once, not when autovacuum comes by.</summary>
    IReadOnlyList<string> Tables { get; }

    /// <summary>What is wrong with the parts of a mapping that are this importer's own (kinds, status), by path.</summary>
    IEnumerable<(string Path, string Message)> Faults(Mapping mapping) => [];

    /// <summary>A proposal for a mapping, made by the fields' words, as this importer would put it.</summary>
    Mapping Suggest(Mapping guessed, IReadOnlyList<string> columns) => guessed;

    /// <summary>Turns a record's values into a staged line, or says why it cannot be one.</summary>
    (object? Line, string? Problem) Parse(BoundMapping mapping, long number, IReadOnlyDictionary<string, object?> values);

    /// <summary>For the check of a mapping: a parsed line as words.</summary>
    IReadOnlyDictionary<string, string?> Describe(object line);

    /// <summary>Refuses a start that cannot work (a currency without its rate), before anything is written.</summary>
    Task Check(Db db, BoundMapping mapping, CancellationToken ct);

    /// <summary>When an import starts, in the same transaction: what must hold for the organization from then on.</summary>
    Task Begin(Transaction t, BoundMapping mapping, CancellationToken ct);

    /// <summary>Puts parsed lines into the staging table.</summary>
    Task Stage(Transaction t, ImportJob job, IReadOnlyList<object> lines, CancellationToken ct);

    /// <summary>Turns the next staged lines into rows and facts and takes them off the staging table. Well under a second.</summary>
    Task<WrittenGroup> WriteNext(Transaction t, ImportJob job, CancellationToken ct);

    /// <summary>Removes the next rows the import made.</summary>
    /// <returns>How many lines were taken back; 0 when nothing is left.</returns>
    Task<long> UndoNext(Transaction t, ImportJob job, CancellationToken ct);

    /// <summary>Throws away what is staged and not yet written.</summary>
    Task DropStaged(Transaction t, ImportJob job, CancellationToken ct);
}

/// <summary>An import being worked on.</summary>
public sealed record ImportJob(Guid OrganizationId, Guid Id, Guid WorkspaceId, byte[] Sha256, Mapping Mapping, string? Cursor);

/// <summary>What writing a group did.</summary>
/// <param name="Lines">Staged lines dealt with; 0 when none is left.</param>
/// <param name="Duplicates">Of these, lines an earlier import of the same file had brought.</param>
/// <param name="Rejected">Of these, lines that could not be written after all, with reasons.</param>
/// <param name="Cursor">Where to go on, given back with the next call.</param>
/// <param name="Counts">What was made, by name: orders, customersCreated…</param>
public sealed record WrittenGroup(long Lines, long Duplicates, IReadOnlyList<RejectedLine> Rejected, IReadOnlyDictionary<string, long> Counts, string? Cursor);

/// <summary>A line that did not make it, as it stood in the file.</summary>
public sealed record RejectedLine(long Line, string Reason, string[] Fields);
