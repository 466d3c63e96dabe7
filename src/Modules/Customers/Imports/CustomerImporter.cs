using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Clientele.Platform.Data;
using Clientele.Platform.Imports;

namespace Clientele.Customers.Imports;

/// <summary>
/// Customers from a file, one a line. Who is there already is told what the line says; what it leaves empty stays. An undo
/// removes those the import made and nobody has come to know since; what it told of others stays told.
/// </summary>
internal sealed class CustomerImporter : IImporter
{
    private const int CustomersPerGroup = 500;

    public string Kind => "customers";

    public IReadOnlyList<string> Tables { get; } = ["customers.staged_customers", "customers.customers", "customers.customer_figures"];

    public IReadOnlyList<ImportField> Fields { get; } =
    [
        new("customerId", "Customer", "The id in your own system; the e-mail address where it is empty.", false, FieldKind.Text, 100) { Words = ["customerid", "customerno", "clientid", "userid", "id", "idclient", "identifiantclient", "numeroclient", "nclient", "codeclient", "referenceclient", "identifiant", "reference"] },
        new("email", "E-mail", "Address.", false, FieldKind.Text, 100) { Words = ["email", "emailaddress", "mail", "traitsemail", "courriel", "adressecourriel", "adressemail"] },
        new("phone", "Phone", "At best with a plus sign and the country's number.", false, FieldKind.Text, 20) { Words = ["phone", "phonenumber", "mobile", "telephone", "tel", "numerodetelephone", "portable"] },
        new("name", "Name", "How to call them.", false, FieldKind.Text, 255) { Words = ["name", "fullname", "customername", "nomcomplet", "nomclient", "nomduclient", "nom"] },
        new("birthDate", "Date of birth", "A day.", false, FieldKind.Time) { Words = ["birthdate", "birthday", "dateofbirth", "datedenaissance", "naissance"] },
        new("gender", "Gender", "In your own words.", false, FieldKind.Text, 20) { Words = ["gender", "sex", "genre", "sexe"] },
        new("country", "Country", "Where they live.", false, FieldKind.Text, 50) { Words = ["country", "pays"] },
        new("state", "State or region", "Of the country.", false, FieldKind.Text, 50) { Words = ["state", "region", "province", "departement"] },
        new("city", "City", "Where they live.", false, FieldKind.Text, 100) { Words = ["city", "town", "ville"] },
        new("postalCode", "Postal code", "Of the address.", false, FieldKind.Text, 20) { Words = ["postalcode", "zip", "zipcode", "postcode", "codepostal"] },
        new("timezone", "Time zone", "As IANA names it: Europe/Paris.", false, FieldKind.Text, 50) { Words = ["timezone", "fuseauhoraire", "fuseau"] },
        new("firstSeenAt", "Customer since", "When you first knew them; now where it is empty.", false, FieldKind.Time) { Words = ["firstseenat", "createdat", "signedupat", "registeredat", "clientdepuis", "datedinscription", "inscritle", "datedecreation"] },
        new("attributes", "Attributes", "A JSON object of everything else.", false, FieldKind.Text, 32 * 1024) { Words = ["attributes", "customattributes", "traits", "attributs"] },
    ];

    private sealed record Line(
        long Number, string CustomerId, string? Email, string? Phone, string? Name, DateOnly? BirthDate, string? Gender, string? Country, string? State, string? City, string? PostalCode,
        string? TimeZone, DateTimeOffset? FirstSeenAt, string Attributes);

    private sealed record Written(long? Last, long Lines, long Created, long Changed, long[] Rejects);

    public (object? Line, string? Problem) Parse(BoundMapping mapping, long number, IReadOnlyDictionary<string, object?> values)
    {
        string? Text(string field) => (string?)values.GetValueOrDefault(field);
        var email = Text("email");
        if (email is not null && email.IndexOf('@', StringComparison.Ordinal) is not > 0) return (null, $"email \"{email}\" is no address.");
        if ((Text("customerId") ?? email?.ToLowerInvariant()) is not { } id) return (null, "It has neither a customer id nor an e-mail address.");
        var attributes = "{}";
        if (Text("attributes") is { } given)
        {
            try
            {
                if (JsonNode.Parse(given) is not JsonObject read || given.Contains("\\u0000", StringComparison.Ordinal) || given.Contains("\\ud", StringComparison.OrdinalIgnoreCase)) return (null, "attributes is no JSON object that can be kept.");
                attributes = read.ToJsonString();
            }
            catch (Exception e) when (e is JsonException or ArgumentException) { return (null, "attributes is no JSON object."); }
        }
        return (new Line(number, id, email, Text("phone"), Text("name"), values.GetValueOrDefault("birthDate") is DateTimeOffset born ? mapping.DayOf(born) : null, Text("gender"), Text("country"),
            Text("state"), Text("city"), Text("postalCode"), Text("timezone"), values.GetValueOrDefault("firstSeenAt") as DateTimeOffset?, attributes), null);
    }

    public IReadOnlyDictionary<string, string?> Describe(object line)
    {
        var l = (Line)line;
        return new Dictionary<string, string?>
        {
            ["customerId"] = l.CustomerId,
            ["email"] = l.Email,
            ["phone"] = l.Phone,
            ["name"] = l.Name,
            ["birthDate"] = l.BirthDate?.ToString("O", CultureInfo.InvariantCulture),
            ["gender"] = l.Gender,
            ["country"] = l.Country,
            ["state"] = l.State,
            ["city"] = l.City,
            ["postalCode"] = l.PostalCode,
            ["timezone"] = l.TimeZone,
            ["firstSeenAt"] = l.FirstSeenAt?.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
            ["attributes"] = l.Attributes == "{}" ? null : l.Attributes,
        };
    }

    public Task Check(Db db, BoundMapping mapping, CancellationToken ct) => Task.CompletedTask;

    public IEnumerable<(string Path, string Message)> Faults(Mapping mapping)
    {
        if (mapping.Columns is null || !(mapping.Columns.ContainsKey("customerId") || mapping.Columns.ContainsKey("email")))
            yield return ("columns.customerId", "Say which column holds the customer's id, or their e-mail address: columns.customerId or columns.email.");
    }

    public Task Begin(Transaction t, BoundMapping mapping, CancellationToken ct) => Task.CompletedTask;

    public async Task Stage(Transaction t, ImportJob job, IReadOnlyList<object> lines, CancellationToken ct)
    {
        var rows = lines.Cast<Line>().ToList();
        T[] Column<T>(Func<Line, T> of) => [.. rows.Select(of)];
        await t.Run($"""
            insert into customers.staged_customers (
                organization_id, import_id, line, customer_id, email, phone, name, date_of_birth, gender, country, state, city, postal_code, timezone, first_seen_at, attributes)
            select {job.OrganizationId}, {job.Id}, n.line, n.customer_id, n.email, n.phone, n.name, n.born, n.gender, n.country, n.state, n.city, n.postal_code, n.timezone, n.seen, n.attributes::jsonb
            from unnest(
                {Column(l => l.Number)}, {Column(l => l.CustomerId)}, {Column(l => l.Email)}, {Column(l => l.Phone)}, {Column(l => l.Name)}, {Column(l => l.BirthDate)}, {Column(l => l.Gender)},
                {Column(l => l.Country)}, {Column(l => l.State)}, {Column(l => l.City)}, {Column(l => l.PostalCode)}, {Column(l => l.TimeZone)}, {Column(l => l.FirstSeenAt?.UtcDateTime)}::timestamptz[], {Column(l => l.Attributes)}
            ) as n (line, customer_id, email, phone, name, born, gender, country, state, city, postal_code, timezone, seen, attributes)
            """, ct);
    }

    public async Task<WrittenGroup> WriteNext(Transaction t, ImportJob job, CancellationToken ct)
    {
        var after = long.Parse(job.Cursor ?? "0", CultureInfo.InvariantCulture);
        var written = await t.One<Written>($"select w.last, w.lines, w.created, w.changed, w.rejects from customers.write_staged_customers({job.Id}, {after}, {CustomersPerGroup}) w", ct);
        return new WrittenGroup(written.Lines, 0, [.. written.Rejects.Select(l => new RejectedLine(l, "Somebody with this id, e-mail address or phone was erased. An administrator can lift that.", []))],
            new Dictionary<string, long> { ["customersCreated"] = written.Created, ["customersChanged"] = written.Changed }, written.Last?.ToString(CultureInfo.InvariantCulture) ?? job.Cursor);
    }

    public async Task<long> UndoNext(Transaction t, ImportJob job, CancellationToken ct)
    {
        var ids = await t.List<Guid>($"select customers.imported_by({job.Id}, 1000)", ct);
        if (ids.Count == 0) return 0;
        await t.Run($"select customers.remove_imported({job.Id}, {ids.ToArray()}, array[]::uuid[], array[]::uuid[])", ct);
        return ids.Count;
    }

    public async Task DropStaged(Transaction t, ImportJob job, CancellationToken ct) => await t.Run($"delete from customers.staged_customers s where s.organization_id = {job.OrganizationId} and s.import_id = {job.Id}", ct);
}
