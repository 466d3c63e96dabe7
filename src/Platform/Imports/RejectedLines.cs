using System.Globalization;
using System.Text;
using Clientele.Platform.Data;
using CsvHelper;
using CsvHelper.Configuration;

namespace Clientele.Platform.Imports;

/// <summary>The lines of an import that did not make it.</summary>
public static class RejectedLines
{
    /// <summary>Lines that were refused for one reason, whatever the value that stands in it.</summary>
    /// <param name="Reason">As it stands with the first of them.</param>
    /// <param name="Lines">How many.</param>
    /// <param name="First">The number of the first in the file; the header is line 1.</param>
    public sealed record ReasonCount(string Reason, long Lines, long First);

    private sealed record Row(long Line, string Reason, string[] Fields);

    /// <summary>Why lines were refused, the reason of most lines first.</summary>
    public static Task<List<ReasonCount>> Reasons(Db db, Guid id, int most, CancellationToken ct) => db.List<ReasonCount>($"""
        select (array_agg(r.reason order by r.line))[1] as reason, count(*) as lines, min(r.line) as first
        from platform.import_rejects r
        where r.import_id = {id}
        -- Quoted is the value at fault: "many" and "none" are one reason.
        group by regexp_replace(r.reason, '"[^"]*"', '""', 'g')
        order by count(*) desc, min(r.line)
        limit {most}
        """, ct);

    /// <summary>Writes them as CSV with number and reason, in pages. Cells that a spreadsheet would run as a formula are defused. Leaves an entry in the trail.</summary>
    public static async Task Write(Db db, Guid id, Stream into, CancellationToken ct)
    {
        await db.Run($"select platform.audit('export', 'import_rejects', {id.ToString()})", ct);
        await using var text = new StreamWriter(into, new UTF8Encoding(false), leaveOpen: true);
        await using var csv = new CsvWriter(text, new CsvConfiguration(CultureInfo.InvariantCulture) { InjectionOptions = InjectionOptions.Escape });
        foreach (var header in (string[])["line", "reason", "fields as they stood in the file"]) csv.WriteField(header);
        await csv.NextRecordAsync();
        var last = 0L;
        while (await db.List<Row>($"""
            select r.line, r.reason, r.fields from platform.import_rejects r
            where r.import_id = {id} and r.line > {last} order by r.line limit 1000
            """, ct) is { Count: > 0 } page)
        {
            foreach (var row in page)
            {
                csv.WriteField(row.Line);
                csv.WriteField(row.Reason);
                foreach (var field in row.Fields) csv.WriteField(field);
                await csv.NextRecordAsync();
            }
            last = page[^1].Line;
        }
    }
}
