using System.Text.Json;
using Clientele.Platform.Data;

namespace Clientele.Platform.Imports;

/// <summary>GET preview and POST check: the first records as they stand, and as a mapping reads them.</summary>
internal static class Preview
{
    private const int Records = 20;

    public sealed record View(string[] Columns, IReadOnlyList<string[]> Rows, Mapping Suggested);

    public sealed record CheckRequest(JsonElement? Mapping);

    public sealed record CheckView(IReadOnlyList<CheckedRow> Rows, IReadOnlyDictionary<string, string[]> Problems);

    public sealed record CheckedRow(long Line, bool Ok, string? Problem, IReadOnlyDictionary<string, string?> Values);

    private sealed record Settings(string TimeZone, string Currency);

    public static async Task<View> Show(Guid id, string? delimiter, string? encoding, Db db, IEnumerable<IImporter> importers, CancellationToken ct)
    {
        var (kind, notUtf8At) = await ImportCommands.Open(db, id, ct);
        if (encoding is not null && MappingRules.TextEncoding(encoding) is null) throw Problems.Problem.Invalid("encoding", "The encoding is utf-8, windows-1252 or iso-8859-1.");
        if (delimiter is not null && delimiter.Length != 1 && delimiter != RecordReader.JsonLines) throw Problems.Problem.Invalid("delimiter", "The delimiter is one character, or json.");
        encoding ??= notUtf8At is null ? "utf-8" : "windows-1252";
        delimiter ??= await Guess.Delimiter(db, id, encoding);
        using var reader = await RecordReader.Open(new PieceReader(db, id), delimiter, encoding);
        var rows = new List<string[]>();
        while (rows.Count < Records && await reader.Next() is { } record) rows.Add(record.Fields);
        var settings = await db.One<Settings>($"select o.time_zone, o.currency from platform.organizations o where o.id = platform.organization()", ct);
        var importer = ImportCommands.Importer(importers, kind);
        var format = new MappingFormat(delimiter, encoding, Guess.Decimal(rows), "iso", settings.TimeZone,
            importer.Fields.Any(f => f.Kind == FieldKind.Money) ? settings.Currency : null);
        return new View(reader.Columns, rows, Guess.Mapping(format, importer, reader.Columns, rows));
    }

    public static async Task<CheckView> Check(Guid id, CheckRequest request, Db db, IEnumerable<IImporter> importers, CancellationToken ct)
    {
        var (kind, notUtf8At) = await ImportCommands.Open(db, id, ct);
        var importer = ImportCommands.Importer(importers, kind);
        BoundMapping bound;
        try
        {
            var mapping = request.Mapping is { ValueKind: not JsonValueKind.Null } given ? Mapping.Parse(given.GetRawText()) : new Mapping(null, null);
            bound = await ImportCommands.Bind(db, importer, id, notUtf8At, mapping, ct);
            await importer.Check(db, bound, ct);
        }
        catch (Problems.Problem problem) when (problem.Errors is not null)
        {
            return new CheckView([], problem.Errors);
        }
        using var reader = await RecordReader.Open(new PieceReader(db, id), bound.Format.Delimiter!, bound.Format.Encoding!);
        var rows = new List<CheckedRow>();
        while (rows.Count < Records && await reader.Next() is { } record) rows.Add(Row(importer, bound, record));
        return new CheckView(rows, new Dictionary<string, string[]>());
    }

    private static CheckedRow Row(IImporter importer, BoundMapping bound, RawRecord record)
    {
        var (values, problem) = bound.Read(record.Fields);
        object? line = null;
        if (values is not null) (line, problem) = importer.Parse(bound, record.Line, values);
        return new CheckedRow(record.Line, line is not null, problem, line is null ? new Dictionary<string, string?>() : importer.Describe(line));
    }
}
