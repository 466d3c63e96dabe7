using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Clientele.Timelines.Questions;

/// <summary>
/// Asks a Clientele questions from C#. The given client has the server's address and says who asks: its cookies or headers are its owner's affair.
/// </summary>
/// <example><code>
/// var answer = await new QuestionClient(http).Ask(new Question
/// {
///     Kind = QuestionKind.Funnel, From = new(2026, 6, 1), To = new(2026, 6, 30),
///     Steps = [new() { Event = "product_viewed" }, new() { Event = "order_completed" }],
/// });
/// </code></example>
public sealed class QuestionClient(HttpClient http)
{
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(300);

    /// <summary>Asks, and waits for the answer however long it takes.</summary>
    /// <param name="progress">Called with the share that is done, from 0 to 1, while it takes long.</param>
    /// <exception cref="QuestionRefusedException">The server refused it; the message says why, by field.</exception>
    /// <exception cref="OperationCanceledException">Cancelled here or on the server; there it ends too.</exception>
    public async Task<AnswerView> Ask(Question question, Engine engine = Engine.Timelines, Action<double>? progress = null, CancellationToken ct = default)
    {
        using var body = new StringContent(QuestionReader.Write(question), Encoding.UTF8, "application/json");
        using var asked = await http.PostAsync(new Uri($"api/analytics/query?engine={(engine == Engine.Sql ? "sql" : "timelines")}", UriKind.Relative), body, ct);
        if (asked.StatusCode != HttpStatusCode.Accepted) return await Read<AnswerView>(asked, ct);
        var running = await Read<RunningView>(asked, ct);
        try
        {
            while (running.State == "running")
            {
                progress?.Invoke(running.Progress);
                await Task.Delay(pause, ct);
                using var look = await http.GetAsync(new Uri($"api/analytics/queries/{running.Id}", UriKind.Relative), ct);
                running = await Read<RunningView>(look, ct);
            }
        }
        catch (OperationCanceledException)
        {
            using var cancelled = await http.DeleteAsync(new Uri($"api/analytics/queries/{running.Id}", UriKind.Relative), CancellationToken.None);
            throw;
        }
        return running.Answer ?? throw new OperationCanceledException("The question was cancelled on the server.");
    }

    private static async Task<T> Read<T>(HttpResponseMessage answer, CancellationToken ct)
    {
        if (answer.IsSuccessStatusCode) return (await answer.Content.ReadFromJsonAsync<T>(QuestionReader.Json, ct))!;
        var text = await answer.Content.ReadAsStringAsync(ct);
        var problem = text.StartsWith('{') ? JsonSerializer.Deserialize<JsonElement>(text) : default;
        string? Part(string name) => problem.ValueKind == JsonValueKind.Object && problem.TryGetProperty(name, out var part) && part.ValueKind == JsonValueKind.String ? part.GetString() : null;
        throw new QuestionRefusedException(answer.StatusCode, Part("code"), Part("detail") ?? text);
    }
}

/// <summary>A question was refused.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="code">The problem's code, as in docs/errors.md.</param>
public sealed class QuestionRefusedException(HttpStatusCode status, string? code, string detail) : Exception(detail)
{
    public HttpStatusCode Status { get; } = status;

    public string? Code { get; } = code;
}
