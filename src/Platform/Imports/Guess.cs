using System.Globalization;
using System.Text.RegularExpressions;
using Clientele.Platform.Data;

namespace Clientele.Platform.Imports;

/// <summary>A first proposal for a mapping, from the header, in English or French, and the first records. People correct it; nothing is imported by a guess.</summary>
internal static partial class Guess
{
    private static readonly string[] dateFormats =
    [
        "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm", "yyyy-MM-dd", "dd/MM/yyyy HH:mm:ss", "dd/MM/yyyy HH:mm", "dd/MM/yyyy",
        "MM/dd/yyyy HH:mm:ss", "MM/dd/yyyy HH:mm", "M/d/yyyy H:mm", "MM/dd/yyyy", "dd.MM.yyyy HH:mm:ss", "dd.MM.yyyy HH:mm", "dd.MM.yyyy", "yyyy/MM/dd HH:mm:ss", "yyyy/MM/dd",
    ];

    public static async Task<string> Delimiter(Db db, Guid id, string encoding)
    {
        using (var lines = await RecordReader.Open(new PieceReader(db, id), RecordReader.JsonLines, encoding))
            if (lines.Columns.Length > 1) return RecordReader.JsonLines;
        var best = (Delimiter: ",", Fields: 1);
        foreach (var candidate in (string[])[",", ";", "\t", "|"])
        {
            using var reader = await RecordReader.Open(new PieceReader(db, id), candidate, encoding);
            if (reader.Columns.Length > best.Fields) best = (candidate, reader.Columns.Length);
        }
        return best.Delimiter;
    }

    public static string Decimal(IEnumerable<string[]> rows) => rows.SelectMany(r => r).Any(f => DecimalComma().IsMatch(f)) ? "," : ".";

    public static Mapping Mapping(MappingFormat format, IImporter importer, string[] columns, List<string[]> rows)
    {
        var guessed = new Dictionary<string, MappingColumn>(StringComparer.Ordinal);
        foreach (var field in importer.Fields)
        {
            var column = field.Words.Select(word => Array.FindIndex(columns, c => Letters(c) == word)).FirstOrDefault(i => i >= 0, -1);
            if (column < 0 || guessed.Values.Any(g => g.Column == columns[column])) continue;
            var isWholeAsDecimal = field.Kind == FieldKind.Text && Filled(rows, column).ToList() is { Count: > 0 } values && values.All(v => WholeAsDecimal().IsMatch(v));
            guessed[field.Name] = new MappingColumn(columns[column], isWholeAsDecimal ? @"^([0-9]+)(\.0)?$" : null);
            if (field.Kind == FieldKind.Time) format = format with { Date = Date(Filled(rows, column)) ?? format.Date };
        }
        return importer.Suggest(new Mapping(format, guessed), columns);
    }

    private static string? Date(IEnumerable<string> values)
    {
        var seen = values.ToList();
        return seen.Count == 0 ? null : dateFormats.FirstOrDefault(f => seen.All(v => DateTime.TryParseExact(v, f, CultureInfo.InvariantCulture, DateTimeStyles.None, out _)));
    }

    private static IEnumerable<string> Filled(List<string[]> rows, int column) => rows.Where(r => r.Length > column && r[column].Length > 0).Select(r => r[column].Trim());

    // Accents first: "Numéro de commande" is "numerodecommande".
    private static string Letters(string column) => NotLetters().Replace(string.Concat(column.ToLowerInvariant().Select(Plain)), string.Empty);

    private static char Plain(char letter) => letter switch
    {
        'à' or 'â' or 'ä' or 'á' or 'ã' or 'å' => 'a',
        'é' or 'è' or 'ê' or 'ë' => 'e',
        'î' or 'ï' or 'í' => 'i',
        'ô' or 'ö' or 'ó' or 'õ' => 'o',
        'ù' or 'û' or 'ü' or 'ú' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        _ => letter,
    };

    [GeneratedRegex(@"^-?\d+,\d{1,2}$")]
    private static partial Regex DecimalComma();

    [GeneratedRegex(@"^\d+\.0$")]
    private static partial Regex WholeAsDecimal();

    [GeneratedRegex("[^a-z]")]
    private static partial Regex NotLetters();
}
