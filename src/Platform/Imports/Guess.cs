using System.Globalization;
using System.Text.RegularExpressions;
using Clientele.Platform.Data;

namespace Clientele.Platform.Imports;

/// <summary>A first proposal for a mapping, from the header and the first records. People correct it; nothing is imported by a guess.</summary>
internal static partial class Guess
{
    private static readonly string[] dateFormats =
    [
        "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm", "yyyy-MM-dd", "dd/MM/yyyy HH:mm:ss", "dd/MM/yyyy HH:mm", "dd/MM/yyyy",
        "MM/dd/yyyy HH:mm:ss", "MM/dd/yyyy HH:mm", "M/d/yyyy H:mm", "MM/dd/yyyy", "dd.MM.yyyy HH:mm:ss", "dd.MM.yyyy HH:mm", "dd.MM.yyyy", "yyyy/MM/dd HH:mm:ss", "yyyy/MM/dd",
    ];

    // Words shops use for a field, without spaces, dots and underscores.
    private static readonly Dictionary<string, string[]> names = new(StringComparer.Ordinal)
    {
        ["orderNumber"] = ["ordernumber", "orderno", "orderid", "order", "invoiceno", "invoice", "invoicenumber", "name"],
        ["orderedAt"] = ["orderedat", "orderdate", "invoicedate", "createdat", "date", "processedat"],
        ["productId"] = ["productid", "stockcode", "sku", "lineitemsku", "itemid", "article", "articlenumber"],
        ["productName"] = ["productname", "description", "lineitemname", "product", "title", "itemname"],
        ["quantity"] = ["quantity", "qty", "lineitemquantity", "amount", "units"],
        ["unitPrice"] = ["unitprice", "price", "lineitemprice", "itemprice"],
        ["customerId"] = ["customerid", "customerno", "clientid", "userid"],
        ["customerEmail"] = ["customeremail", "email", "emailaddress", "mail"],
        ["customerName"] = ["customername", "billingname", "fullname", "customer"],
        ["country"] = ["country", "shippingcountry", "billingcountry"],
        ["status"] = ["status", "orderstatus", "financialstatus"],
        ["currency"] = ["currency", "currencycode"],
        // Of events and customers.
        ["message"] = [],
        ["event"] = ["event", "eventname", "eventtype"],
        ["type"] = ["type", "call"],
        ["userId"] = ["userid", "customerid", "distinctid"],
        ["anonymousId"] = ["anonymousid", "visitorid", "clientid"],
        ["timestamp"] = ["timestamp", "originaltimestamp", "occurredat", "time", "date", "createdat"],
        ["messageId"] = ["messageid", "uuid", "eventid", "insertid"],
        ["properties"] = ["properties", "attributes"],
        ["traits"] = ["traits"],
        ["context"] = ["context"],
        ["email"] = ["email", "emailaddress", "mail", "traitsemail"],
        ["phone"] = ["phone", "phonenumber", "mobile", "telephone"],
        ["name"] = ["name", "fullname", "customername"],
        ["city"] = ["city", "town"],
        ["state"] = ["state", "region", "province"],
        ["postalCode"] = ["postalcode", "zip", "zipcode", "postcode"],
        ["gender"] = ["gender", "sex"],
        ["birthDate"] = ["birthdate", "birthday", "dateofbirth"],
        ["firstSeenAt"] = ["firstseenat", "createdat", "signedupat", "registeredat"],
        ["attributes"] = ["attributes", "customattributes", "traits"],
    };

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

    public static Mapping Mapping(MappingFormat format, IReadOnlyList<ImportField> fields, string[] columns, List<string[]> rows)
    {
        var guessed = new Dictionary<string, MappingColumn>(StringComparer.Ordinal);
        foreach (var field in fields)
        {
            var column = names.GetValueOrDefault(field.Name, []).Select(word => Array.FindIndex(columns, c => Letters(c) == word)).FirstOrDefault(i => i >= 0, -1);
            if (column < 0 || guessed.Values.Any(g => g.Column == columns[column])) continue;
            var isWholeAsDecimal = field.Kind == FieldKind.Text && Filled(rows, column).ToList() is { Count: > 0 } values && values.All(v => WholeAsDecimal().IsMatch(v));
            guessed[field.Name] = new MappingColumn(columns[column], isWholeAsDecimal ? @"^([0-9]+)(\.0)?$" : null);
            if (field.Kind == FieldKind.Time) format = format with { Date = Date(Filled(rows, column)) ?? format.Date };
        }
        return new Mapping(format, guessed, null, "delivered");
    }

    private static string? Date(IEnumerable<string> values)
    {
        var seen = values.ToList();
        return seen.Count == 0 ? null : dateFormats.FirstOrDefault(f => seen.All(v => DateTime.TryParseExact(v, f, CultureInfo.InvariantCulture, DateTimeStyles.None, out _)));
    }

    private static IEnumerable<string> Filled(List<string[]> rows, int column) => rows.Where(r => r.Length > column && r[column].Length > 0).Select(r => r[column].Trim());

    private static string Letters(string column) => NotLetters().Replace(column.ToLowerInvariant(), string.Empty);

    [GeneratedRegex(@"^-?\d+,\d{1,2}$")]
    private static partial Regex DecimalComma();

    [GeneratedRegex(@"^\d+\.0$")]
    private static partial Regex WholeAsDecimal();

    [GeneratedRegex("[^a-z]")]
    private static partial Regex NotLetters();
}
