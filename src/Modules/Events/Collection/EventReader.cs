using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Clientele.Events.Collection;

/// <summary>
/// Reads one event of the Segment family. One pass over its bytes finds what becomes a column; everything else is copied
/// as it stands: what the event tells into <c>properties</c>, the rest of the message into <c>context</c>.
/// </summary>
/// <remarks>
/// Members of an object may come in any order, so the pass notes where things are and the row is made at the end. Text
/// that <c>jsonb</c> refuses is noted on the way and escaped when it is copied.
/// </remarks>
internal ref partial struct EventReader
{
    /// <summary>Deeper than anybody means; PostgreSQL would take more, people reading it would not.</summary>
    private const int Deepest = 100;

    private static readonly JsonReaderOptions options = new() { MaxDepth = Deepest };
    private static readonly SearchValues<byte> ofNumbers = SearchValues.Create("0123456789+-.eE"u8);

    private readonly ReadOnlySpan<byte> item;
    private readonly Envelope envelope;
    private readonly Arrival arrival;
    private readonly List<(int Start, int Length)> kept = new(16);
    private List<int>? numbers;
    private bool escapes;

    private (int Start, int Length) properties, traits, contextTraits, context, integrations, set, setOnce;
    private string? type, name, title, user, visitor, previous, group, groupType, message, timestamp, original, sent;
    private string? ip, agent, session, screenWidth, screenHeight, device, osName, osVersion, browserName, pageUrl, pageTitle, pagePath, pageReferrer, referrer, email, phone, library, currency;
    private string? hintPlatform, hintVersion, country, city;
    private string? source, medium, campaign, term, content;
    private bool? hintMobile, identified, direct;
    private bool refused, personless;
    private decimal? revenue, total, value;
    private List<(string Kind, string Id)>? externalIds;

    public EventReader(ReadOnlySpan<byte> item, Envelope envelope, Arrival arrival)
    {
        this.item = item;
        this.envelope = envelope;
        this.arrival = arrival;
    }

    /// <param name="call">What the address says it is; null in a batch, where each says it itself.</param>
    /// <param name="postHog">Whether it is an event in PostHog's form.</param>
    /// <returns>The event, or why it cannot be one.</returns>
    public (CollectedEvent? Event, string? Problem, string? Type, string? MessageId) Read(Call? call, bool postHog)
    {
        try
        {
            if (envelope.Context.Length > 0)
            {
                var shared = new Utf8JsonReader((byte[])[(byte)'{', .. envelope.Context, (byte)'}'], options);
                shared.Read();
                ReadContext(ref shared, note: false);
            }
            var reader = new Utf8JsonReader(item, options);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (postHog) PostHogMember(ref reader);
                else Member(ref reader);
            }
        }
        catch (JsonException)
        {
            return (null, $"It is nested deeper than {Deepest} levels.", name ?? type, message);
        }
        return postHog ? MakePostHog() : Make(call);
    }

    private void Member(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        Note(ref reader);
        var field = reader.ValueSpan;
        var escaped = reader.ValueIsEscaped;
        if (escaped) { Take(ref reader, start); return; }
        switch (field.Length)
        {
            case 2 when field.SequenceEqual("id"u8): Take(ref reader, start); return;
            case 4 when field.SequenceEqual("type"u8): Word(ref reader, ref type, start); return;
            case 4 when field.SequenceEqual("name"u8): Word(ref reader, ref title, start); return;
            case 5 when field.SequenceEqual("event"u8): Word(ref reader, ref name, start); return;
            case 6 when field.SequenceEqual("action"u8): { string? action = null; Word(ref reader, ref action, start); type ??= action; return; }
            case 6 when field.SequenceEqual("userId"u8): Word(ref reader, ref user, start); return;
            case 7 when field.SequenceEqual("user_id"u8): { string? id = null; Word(ref reader, ref id, start); user ??= id; return; }
            case 6 when field.SequenceEqual("traits"u8): Part(ref reader, ref traits, start); return;
            case 6 when field.SequenceEqual("sentAt"u8): Word(ref reader, ref sent, start); return;
            case 7 when field.SequenceEqual("groupId"u8): Word(ref reader, ref group, start); return;
            case 7 when field.SequenceEqual("context"u8):
                reader.Read();
                context.Start = (int)reader.TokenStartIndex;
                if (reader.TokenType == JsonTokenType.StartObject) ReadContext(ref reader, note: true); else Skip(ref reader);
                context.Length = (int)reader.BytesConsumed - context.Start;
                return;
            case 8 when field.SequenceEqual("writeKey"u8): reader.Read(); Skip(ref reader); return;
            case 9 when field.SequenceEqual("messageId"u8): Word(ref reader, ref message, start); return;
            case 9 when field.SequenceEqual("timestamp"u8): Word(ref reader, ref timestamp, start); return;
            case 10 when field.SequenceEqual("properties"u8): ReadProperties(ref reader, start); return;
            case 10 when field.SequenceEqual("previousId"u8): Word(ref reader, ref previous, start); return;
            case 11 when field.SequenceEqual("anonymousId"u8): Word(ref reader, ref visitor, start); return;
            case 12 when field.SequenceEqual("anonymous_id"u8): { string? id = null; Word(ref reader, ref id, start); visitor ??= id; return; }
            case 12 when field.SequenceEqual("integrations"u8): Part(ref reader, ref integrations, start); return;
            case 17 when field.SequenceEqual("originalTimestamp"u8): Word(ref reader, ref original, start); return;
            default: Take(ref reader, start); return;
        }
    }

    // A member that goes into the context as it is.
    private void Take(ref Utf8JsonReader reader, int start)
    {
        reader.Read();
        Skip(ref reader);
        kept.Add((start, (int)reader.BytesConsumed - start));
    }

    private void Word(ref Utf8JsonReader reader, ref string? word, int start)
    {
        reader.Read();
        word = WordOf(ref reader) ?? word;
        kept.Add((start, (int)reader.BytesConsumed - start));
    }

    // A member with a place of its own. What is no object stays in the context and is no such part.
    private void Part(ref Utf8JsonReader reader, ref (int Start, int Length) part, int start)
    {
        reader.Read();
        var at = (int)reader.TokenStartIndex;
        var isObject = reader.TokenType == JsonTokenType.StartObject;
        Skip(ref reader);
        if (isObject) part = (at, (int)reader.BytesConsumed - at);
        else kept.Add((start, (int)reader.BytesConsumed - start));
    }

    /// <summary>A string, number or boolean as text; null for null, objects and arrays, which are passed over.</summary>
    private string? WordOf(ref Utf8JsonReader reader)
    {
        Note(ref reader);
        switch (reader.TokenType)
        {
            case JsonTokenType.String: return JsonText.Text(ref reader);
            case JsonTokenType.Number: return Encoding.UTF8.GetString(reader.ValueSpan);
            case JsonTokenType.True: return "true";
            case JsonTokenType.False: return "false";
            default: Skip(ref reader); return null;
        }
    }

    private void Skip(ref Utf8JsonReader reader)
    {
        Note(ref reader);
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray)) return;
        var depth = reader.CurrentDepth;
        while (reader.Read() && reader.CurrentDepth > depth) Note(ref reader);
    }

    private bool noting = true;

    private void Note(ref Utf8JsonReader reader)
    {
        if (!noting) return;
        if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName) escapes |= reader.ValueIsEscaped && JsonText.NeedsEscaping(reader.ValueSpan);
        else if (reader.TokenType == JsonTokenType.Number && JsonText.IsBeyond(reader.ValueSpan)) (numbers ??= []).Add((int)reader.TokenStartIndex);
    }

    private void ReadProperties(ref Utf8JsonReader reader, int start)
    {
        if (!Enter(ref reader))
        {
            kept.Add((start, (int)reader.BytesConsumed - start));
            return;
        }
        var at = (int)reader.TokenStartIndex;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Note(ref reader);
            var field = reader.ValueSpan;
            switch (field.Length)
            {
                case 3 when field.SequenceEqual("url"u8): Field(ref reader, ref pageUrl); break;
                case 4 when field.SequenceEqual("path"u8): Field(ref reader, ref pagePath); break;
                case 5 when field.SequenceEqual("title"u8): Field(ref reader, ref pageTitle); break;
                case 5 when field.SequenceEqual("total"u8): Amount(ref reader, ref total); break;
                case 5 when field.SequenceEqual("value"u8): Amount(ref reader, ref value); break;
                case 7 when field.SequenceEqual("revenue"u8): Amount(ref reader, ref revenue); break;
                case 8 when field.SequenceEqual("currency"u8): Field(ref reader, ref currency); break;
                case 8 when field.SequenceEqual("referrer"u8): Field(ref reader, ref pageReferrer); break;
                default: reader.Read(); Skip(ref reader); break;
            }
        }
        properties = (at, (int)reader.BytesConsumed - at);
    }

    private void Field(ref Utf8JsonReader reader, ref string? field)
    {
        reader.Read();
        field = WordOf(ref reader) ?? field;
    }

    private void Amount(ref Utf8JsonReader reader, ref decimal? amount)
    {
        reader.Read();
        var word = WordOf(ref reader);
        if (decimal.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var parsed) && Math.Abs(parsed) < 999_999_999_999m) amount = Math.Round(parsed, 2);
    }

    private (CollectedEvent?, string?, string?, string?) Make(Call? called)
    {
        var call = called ?? type?.ToLowerInvariant() switch
        {
            "track" => Call.Track,
            "identify" => Call.Identify,
            "page" => Call.Page,
            "screen" => Call.Screen,
            "group" => Call.Group,
            "alias" => Call.Alias,
            null => name is not null ? Call.Track : null,
            _ => (Call?)null,
        };
        if (call is null) return (null, type is null ? "It does not say what it is: type." : $"There is no type \"{(type.Length > 50 ? type[..50] : type)}\"; there are track, identify, page, screen, group and alias.", name ?? type, message);
        if (call == Call.Track && string.IsNullOrWhiteSpace(name)) return (null, "A track call has an event name: event.", type, message);
        if (call == Call.Group && arrival.Source.Settings.Id(group) is null) return (null, "A group call has a group id: groupId.", type, message);
        if (call == Call.Alias && arrival.Source.Settings.Id(previous) is null) return (null, "An alias call has the id it was before: previousId.", type, message);
        var tellsTraits = call is Call.Identify or Call.Group;
        // RudderStack's libraries for browsers tell of the person in the context, and only there.
        var told = tellsTraits ? Text(call == Call.Identify && traits.Length == 0 ? contextTraits : traits) : null;
        // What does not belong to this kind of call stays where it was.
        string? other = null;
        if (tellsTraits && properties.Length > 0) other = "\"properties\":" + Text(properties);
        if (!tellsTraits && traits.Length > 0) other = "\"traits\":" + Text(traits);
        return Finish(call.Value, name, (tellsTraits ? told : Text(properties)) ?? "{}", told, false, other);
    }

    private (CollectedEvent?, string?, string?, string?) Finish(Call call, string? eventName, string? tells, string? told, bool postHog, string? other = null)
    {
        var settings = arrival.Source.Settings;
        var (sends, ownIp) = (direct == true || arrival.Browser, IPAddress.TryParse(ip, out var given) ? given : null);
        var address = settings.Address(ownIp ?? (sends ? arrival.Remote : null));
        var agentText = agent ?? (arrival.Browser ? arrival.UserAgent : null);
        var seen = UserAgents.With(UserAgents.Of(agentText), hintPlatform ?? (arrival.Browser ? arrival.Hints.Platform : null), hintVersion ?? arrival.Hints.PlatformVersion, hintMobile ?? arrival.Hints.Mobile);
        var claimed = When();
        var eventType = EventNames.TypeOf(call, eventName);
        var (amount, unit) = Money(eventType);
        Campaign();
        var touch = Touches.Of(Cut(source, 200), Cut(medium, 200), Cut(campaign, 200), Cut(term, 200), Cut(content, 200), Cut(pageReferrer ?? referrer, 2000), pageUrl);
        if (call is Call.Identify or Call.Track && told is not null && (told.Contains("\"email\"", StringComparison.Ordinal) || told.Contains("\"phone\"", StringComparison.Ordinal))) TraitsAddress(told);
        return (new CollectedEvent
        {
            Call = call,
            Type = eventType,
            Name = EventNames.TitleOf(call, eventName),
            Properties = WithoutAddress(tells ?? "{}", postHog),
            Context = Context(call == Call.Track ? eventName : null, other, ip is not null),
            Traits = told,
            UserId = settings.Id(user),
            VisitorId = settings.Id(visitor),
            PreviousId = settings.Id(previous),
            GroupKey = call == Call.Group ? settings.Id(group) : null,
            GroupType = Cut(groupType, 100) ?? "account",
            ExternalIds = personless ? [] : externalIds ?? [],
            Email = email,
            Phone = phone,
            Refused = refused,
            OccurredAt = claimed,
            Value = amount,
            Currency = unit,
            SessionId = Cut(session, 200),
            PageUrl = Cut(pageUrl ?? pagePath, 2000),
            PageTitle = Cut(pageTitle ?? (call is Call.Page or Call.Screen ? title : null), 500),
            Referrer = Cut(pageReferrer ?? referrer, 2000),
            Ip = address,
            UserAgent = Cut(agentText, 1000),
            Device = seen.Device == "bot" ? "bot" : KindOfDevice(device) ?? seen.Device,
            Browser = Cut(browserName ?? seen.Browser, 100),
            Os = Cut(osName is null ? seen.Os : osVersion is null ? osName : $"{osName} {osVersion}", 100),
            Screen = screenWidth is null || screenHeight is null ? null : Cut($"{screenWidth}x{screenHeight}", 50),
            Country = Cut(country ?? (ownIp is null && sends ? arrival.Country : null), 50),
            City = Cut(city ?? (ownIp is null && sends ? arrival.City : null), 100),
            UtmSource = Cut(source, 200),
            UtmMedium = Cut(medium, 200),
            UtmCampaign = Cut(campaign, 200),
            UtmTerm = Cut(term, 200),
            UtmContent = Cut(content, 200),
            Touch = touch,
            Library = Cut(library, 100),
            WorkspaceId = arrival.Source.WorkspaceId,
            Trusted = arrival.Source.Trusted,
            DataSource = arrival.DataSource,
            BatchId = arrival.BatchId,
        }.Named(message is null or "" ? null : message.Length <= 200 ? message : CollectionSettings.Hashed(message)), null, eventType, message);
    }

    // A page's address carries the campaign when the library does not take it out.
    private void Campaign()
    {
        if (source is not null || medium is not null || campaign is not null || pageUrl?.Contains("utm_", StringComparison.Ordinal) != true || pageUrl.IndexOf('?', StringComparison.Ordinal) is not (>= 0 and var query)) return;
        var end = pageUrl.IndexOf('#', query);
        foreach (var pair in Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(end < 0 ? pageUrl[query..] : pageUrl[query..end]))
        {
            var word = pair.Value.ToString().Replace("\0", "\\u0000", StringComparison.Ordinal);
            switch (pair.Key)
            {
                case "utm_source": source = word; break;
                case "utm_medium": medium = word; break;
                case "utm_campaign": campaign = word; break;
                case "utm_term": term = word; break;
                case "utm_content": content = word; break;
                default: break;
            }
        }
    }

    private void TraitsAddress(string told)
    {
        using var document = JsonDocument.Parse(told, new JsonDocumentOptions { MaxDepth = Deepest + 2 });
        string? Member(string key) => document.RootElement.TryGetProperty(key, out var found) && found.ValueKind == JsonValueKind.String ? found.GetString() : null;
        (email, phone) = (Member("email") ?? email, Member("phone") ?? phone);
    }

    // timestamp = receivedAt - (sentAt - originalTimestamp): the sender's clock may be wrong, the time between its two readings is not.
    private readonly DateTimeOffset When()
    {
        if (Moment(original) is not { } told && Moment(timestamp) is not { } || (Moment(original) ?? Moment(timestamp)) is not { } claimed) return arrival.At;
        if ((Moment(sent) ?? Moment(envelope.SentAt)) is not { } left) return claimed;
        var age = left - claimed;
        return age.Ticks > arrival.At.Ticks || age < TimeSpan.FromDays(-36_500) ? claimed : arrival.At - age;
    }

    private static DateTimeOffset? Moment(string? text)
    {
        if (string.IsNullOrEmpty(text)) return null;
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var moment)) return moment.Year is > 1 and < 9990 ? moment : null;
        // Some libraries count milliseconds.
        return long.TryParse(text, CultureInfo.InvariantCulture, out var number) && number is > 0 and < 253_000_000_000_000
            ? DateTimeOffset.FromUnixTimeMilliseconds(number < 100_000_000_000 ? number * 1000 : number) : null;
    }

    // Figures add up order events in the organization's currency: another currency's amount stays in the properties.
    private readonly (decimal?, string?) Money(string eventType)
    {
        var unit = currency is { Length: 3 } && currency.All(char.IsAsciiLetter) ? currency.ToUpperInvariant() : null;
        if (!eventType.StartsWith("order_", StringComparison.Ordinal)) return (revenue ?? value ?? total, unit);
        if ((unit ?? arrival.Source.Currency) != arrival.Source.Currency) return (null, unit);
        var amount = total ?? revenue ?? value;
        return (eventType == "order_refunded" && amount > 0 ? -amount : amount, unit);
    }

    private static string? KindOfDevice(string? word) => word?.ToLowerInvariant() switch
    {
        "desktop" or "mobile" or "tablet" or "tv" => word.ToLowerInvariant(),
        "ios" or "android" or "phone" or "smartphone" => "mobile",
        _ => null,
    };

    private static string? Cut(string? text, int most) => text is null or "" ? null : text.Length <= most ? text : text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];
}
