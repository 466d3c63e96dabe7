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
internal ref struct EventReader
{
    /// <summary>Deeper than anybody means; PostgreSQL would take more, people reading it would not.</summary>
    private const int Deepest = 100;

    private static readonly JsonReaderOptions options = new() { MaxDepth = Deepest };

    private readonly ReadOnlySpan<byte> item;
    private readonly Envelope envelope;
    private readonly Arrival arrival;
    private readonly List<(int Start, int Length)> kept = new(16);
    private List<int>? numbers;
    private bool escapes;

    private (int Start, int Length) properties, traits, context, integrations, set, setOnce;
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
        reader.Read();
        var at = (int)reader.TokenStartIndex;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            Skip(ref reader);
            kept.Add((start, (int)reader.BytesConsumed - start));
            return;
        }
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

    private void ReadContext(ref Utf8JsonReader reader, bool note)
    {
        noting = note;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Note(ref reader);
            var field = reader.ValueSpan;
            switch (field.Length)
            {
                case 2 when field.SequenceEqual("ip"u8): Field(ref reader, ref ip); break;
                case 2 when field.SequenceEqual("os"u8): Inner(ref reader, "name"u8, ref osName, "version"u8, ref osVersion); break;
                case 4 when field.SequenceEqual("page"u8): ReadPage(ref reader); break;
                case 6 when field.SequenceEqual("device"u8): ReadDevice(ref reader); break;
                case 6 when field.SequenceEqual("screen"u8): Inner(ref reader, "width"u8, ref screenWidth, "height"u8, ref screenHeight); break;
                case 6 when field.SequenceEqual("direct"u8): { string? word = null; Field(ref reader, ref word); direct = word == "true"; break; }
                case 6 when field.SequenceEqual("traits"u8): Inner(ref reader, "email"u8, ref email, "phone"u8, ref phone); break;
                case 7 when field.SequenceEqual("browser"u8): { string? version = null; Inner(ref reader, "name"u8, ref browserName, "version"u8, ref version); break; }
                case 7 when field.SequenceEqual("consent"u8): ReadConsent(ref reader); break;
                case 7 when field.SequenceEqual("library"u8): { string? version = null; Inner(ref reader, "name"u8, ref library, "version"u8, ref version); break; }
                case 8 when field.SequenceEqual("campaign"u8): ReadCampaign(ref reader); break;
                case 8 when field.SequenceEqual("referrer"u8): { string? kind = null; Inner(ref reader, "url"u8, ref referrer, "type"u8, ref kind); break; }
                case 8 when field.SequenceEqual("location"u8): Inner(ref reader, "country"u8, ref country, "city"u8, ref city); break;
                case 9 when field.SequenceEqual("userAgent"u8): Field(ref reader, ref agent); break;
                case 9 when field.SequenceEqual("sessionId"u8): Field(ref reader, ref session); break;
                case 10 when field.SequenceEqual("user_agent"u8): Field(ref reader, ref agent); break;
                case 11 when field.SequenceEqual("externalIds"u8): ReadExternalIds(ref reader); break;
                case 13 when field.SequenceEqual("userAgentData"u8): ReadHints(ref reader); break;
                default: reader.Read(); Skip(ref reader); break;
            }
        }
        noting = true;
    }

    private void Inner(ref Utf8JsonReader reader, ReadOnlySpan<byte> first, ref string? one, ReadOnlySpan<byte> second, ref string? other)
    {
        if (!Enter(ref reader)) return;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Note(ref reader);
            if (reader.ValueSpan.SequenceEqual(first)) Field(ref reader, ref one);
            else if (reader.ValueSpan.SequenceEqual(second)) Field(ref reader, ref other);
            else { reader.Read(); Skip(ref reader); }
        }
    }

    private bool Enter(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.StartObject) return true;
        Skip(ref reader);
        return false;
    }

    private void ReadPage(ref Utf8JsonReader reader)
    {
        if (!Enter(ref reader)) return;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Note(ref reader);
            var field = reader.ValueSpan;
            if (field.SequenceEqual("url"u8)) Field(ref reader, ref pageUrl);
            else if (field.SequenceEqual("path"u8)) Field(ref reader, ref pagePath);
            else if (field.SequenceEqual("title"u8)) Field(ref reader, ref pageTitle);
            else if (field.SequenceEqual("referrer"u8)) Field(ref reader, ref pageReferrer);
            else { reader.Read(); Skip(ref reader); }
        }
    }

    private void ReadDevice(ref Utf8JsonReader reader)
    {
        if (!Enter(ref reader)) return;
        string? kind = null, id = null, advertising = null, token = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Note(ref reader);
            var field = reader.ValueSpan;
            if (field.SequenceEqual("type"u8)) Field(ref reader, ref kind);
            else if (field.SequenceEqual("id"u8)) Field(ref reader, ref id);
            else if (field.SequenceEqual("advertisingId"u8)) Field(ref reader, ref advertising);
            else if (field.SequenceEqual("token"u8)) Field(ref reader, ref token);
            else { reader.Read(); Skip(ref reader); }
        }
        device = kind ?? device;
        if (kind?.ToLowerInvariant() is not ("ios" or "android")) return;
        var system = kind.ToLowerInvariant();
        AddId(system + ".id", id);
        AddId(system + ".idfa", advertising);
        AddId(system + ".push_token", token);
    }

    private void ReadCampaign(ref Utf8JsonReader reader)
    {
        if (!Enter(ref reader)) return;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Note(ref reader);
            var field = reader.ValueSpan;
            if (field.SequenceEqual("name"u8)) Field(ref reader, ref campaign);
            else if (field.SequenceEqual("source"u8)) Field(ref reader, ref source);
            else if (field.SequenceEqual("medium"u8)) Field(ref reader, ref medium);
            else if (field.SequenceEqual("term"u8)) Field(ref reader, ref term);
            else if (field.SequenceEqual("content"u8)) Field(ref reader, ref content);
            else { reader.Read(); Skip(ref reader); }
        }
    }

    private void ReadHints(ref Utf8JsonReader reader)
    {
        if (!Enter(ref reader)) return;
        string? mobile = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Note(ref reader);
            if (reader.ValueSpan.SequenceEqual("platform"u8)) Field(ref reader, ref hintPlatform);
            else if (reader.ValueSpan.SequenceEqual("platformVersion"u8)) Field(ref reader, ref hintVersion);
            else if (reader.ValueSpan.SequenceEqual("mobile"u8)) Field(ref reader, ref mobile);
            else { reader.Read(); Skip(ref reader); }
        }
        if (mobile is not null) hintMobile = mobile == "true";
    }

    private void ReadConsent(ref Utf8JsonReader reader)
    {
        if (!Enter(ref reader)) return;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Note(ref reader);
            if (!reader.ValueSpan.SequenceEqual("categoryPreferences"u8)) { reader.Read(); Skip(ref reader); continue; }
            if (!Enter(ref reader)) continue;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                Note(ref reader);
                var category = JsonText.Text(ref reader);
                string? given = null;
                Field(ref reader, ref given);
                if (given == "false" && string.Equals(category, arrival.Source.Settings.ConsentCategory, StringComparison.OrdinalIgnoreCase)) refused = true;
            }
        }
    }

    private void ReadExternalIds(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray) { Skip(ref reader); return; }
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject) { Skip(ref reader); continue; }
            string? id = null, kind = null, collection = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                Note(ref reader);
                if (reader.ValueSpan.SequenceEqual("id"u8)) Field(ref reader, ref id);
                else if (reader.ValueSpan.SequenceEqual("type"u8)) Field(ref reader, ref kind);
                else if (reader.ValueSpan.SequenceEqual("collection"u8)) Field(ref reader, ref collection);
                else { reader.Read(); Skip(ref reader); }
            }
            if (collection is null or "users" && kind is not (null or "user_id" or "anonymous_id")) AddId(EventNames.Snake(kind), id);
        }
    }

    private void AddId(string kind, string? id)
    {
        if (arrival.Source.Settings.Id(id) is not { } known || kind.Length > 50 || kind[0] == '$' || (externalIds?.Count ?? 0) >= 20) return;
        (externalIds ??= []).Add((kind, known));
    }

    // ---------------------------------------------------------------------------------------------------------
    // PostHog: everything is a property.

    private void PostHogMember(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        Note(ref reader);
        var field = reader.ValueSpan;
        if (field.SequenceEqual("event"u8)) Word(ref reader, ref name, start);
        else if (field.SequenceEqual("distinct_id"u8) || field.SequenceEqual("$distinct_id"u8)) Word(ref reader, ref user, start);
        else if (field.SequenceEqual("uuid"u8)) Word(ref reader, ref message, start);
        else if (field.SequenceEqual("timestamp"u8)) Word(ref reader, ref timestamp, start);
        else if (field.SequenceEqual("offset"u8)) Word(ref reader, ref original, start);
        else if (field.SequenceEqual("sent_at"u8)) Word(ref reader, ref sent, start);
        else if (field.SequenceEqual("api_key"u8) || field.SequenceEqual("token"u8)) { reader.Read(); Skip(ref reader); }
        else if (field.SequenceEqual("$set"u8)) { Part(ref reader, ref set, start); kept.Add((start, (int)reader.BytesConsumed - start)); }
        else if (field.SequenceEqual("$set_once"u8)) { Part(ref reader, ref setOnce, start); kept.Add((start, (int)reader.BytesConsumed - start)); }
        else if (field.SequenceEqual("properties"u8)) ReadPostHogProperties(ref reader, start);
        else Take(ref reader, start);
    }

    private void ReadPostHogProperties(ref Utf8JsonReader reader, int start)
    {
        reader.Read();
        var at = (int)reader.TokenStartIndex;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            Skip(ref reader);
            kept.Add((start, (int)reader.BytesConsumed - start));
            return;
        }
        string? state = null, deviceId = null, distinct = null, process = null, isIdentified = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Note(ref reader);
            switch (Encoding.UTF8.GetString(reader.ValueSpan))
            {
                case "distinct_id": Field(ref reader, ref distinct); break;
                case "$anon_distinct_id": Field(ref reader, ref visitor); break;
                case "$device_id": Field(ref reader, ref deviceId); break;
                case "$user_state": Field(ref reader, ref state); break;
                case "$is_identified": Field(ref reader, ref isIdentified); break;
                case "$process_person_profile": Field(ref reader, ref process); break;
                case "$session_id": Field(ref reader, ref session); break;
                case "$current_url": Field(ref reader, ref pageUrl); break;
                case "$pathname": Field(ref reader, ref pagePath); break;
                case "title" or "$title": Field(ref reader, ref pageTitle); break;
                case "$referrer": Field(ref reader, ref pageReferrer); break;
                case "$ip": Field(ref reader, ref ip); break;
                case "$raw_user_agent" or "$useragent": Field(ref reader, ref agent); break;
                case "$browser": Field(ref reader, ref browserName); break;
                case "$os": Field(ref reader, ref osName); break;
                case "$os_version": Field(ref reader, ref osVersion); break;
                case "$device_type": Field(ref reader, ref device); break;
                case "$screen_width": Field(ref reader, ref screenWidth); break;
                case "$screen_height": Field(ref reader, ref screenHeight); break;
                case "$lib": Field(ref reader, ref library); break;
                case "$geoip_country_code": Field(ref reader, ref country); break;
                case "$geoip_city_name": Field(ref reader, ref city); break;
                case "utm_source": Field(ref reader, ref source); break;
                case "utm_medium": Field(ref reader, ref medium); break;
                case "utm_campaign": Field(ref reader, ref campaign); break;
                case "utm_term": Field(ref reader, ref term); break;
                case "utm_content": Field(ref reader, ref content); break;
                case "alias": Field(ref reader, ref previous); break;
                case "$group_type": Field(ref reader, ref groupType); break;
                case "$group_key": Field(ref reader, ref group); break;
                case "$group_set": Part(ref reader, ref traits, (int)reader.TokenStartIndex); break;
                case "$set": Part(ref reader, ref set, (int)reader.TokenStartIndex); break;
                case "$set_once": Part(ref reader, ref setOnce, (int)reader.TokenStartIndex); break;
                case "revenue" or "$revenue": Amount(ref reader, ref revenue); break;
                case "value": Amount(ref reader, ref value); break;
                case "total": Amount(ref reader, ref total); break;
                case "currency": Field(ref reader, ref currency); break;
                default: reader.Read(); Skip(ref reader); break;
            }
        }
        properties = (at, (int)reader.BytesConsumed - at);
        user ??= distinct;
        // A browser that knows nobody sends the id it made up as the distinct id, and says so in one of these ways.
        personless = process == "false";
        identified = state is null && isIdentified is null && deviceId is null ? !personless : state == "identified" || isIdentified == "true" || (deviceId is not null && deviceId != user && state is null && isIdentified is null);
    }

    private (CollectedEvent?, string?, string?, string?) MakePostHog()
    {
        if (string.IsNullOrWhiteSpace(name)) return (null, "It has no event name: event.", null, message);
        var call = name switch
        {
            "$identify" or "$set" => Call.Identify,
            "$create_alias" => Call.Alias,
            "$groupidentify" => Call.Group,
            "$screen" => Call.Screen,
            "$pageview" => Call.Page,
            _ => Call.Track,
        };
        // A group that is told about has an id of its own making, which is nobody.
        if (call == Call.Group) user = null;
        else if (identified == false) (user, visitor) = (null, visitor ?? user);
        if (original is not null && timestamp is null && double.TryParse(original, NumberStyles.Float, CultureInfo.InvariantCulture, out var ago) && Math.Abs(ago) < 1e12)
            timestamp = (arrival.At - TimeSpan.FromMilliseconds(ago)).ToString("O", CultureInfo.InvariantCulture);
        original = null;
        pageReferrer = pageReferrer == "$direct" ? null : pageReferrer;
        string? told = call == Call.Group ? Text(traits) : set.Length + setOnce.Length > 0 ? "{" + Join(InnerText(setOnce), InnerText(set)) + "}" : null;
        if (call != Call.Group) (traits, group) = (default, null);
        return Finish(call, name, Text(properties), told, true);
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
        var told = tellsTraits ? Text(traits) : null;
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

    // ---------------------------------------------------------------------------------------------------------
    // Copying

    private readonly string WithoutAddress(string tells, bool postHog)
    {
        if (!postHog || ip is null || arrival.Source.Settings.Ip == IpPolicy.Keep) return tells;
        var shown = arrival.Source.Settings.Address(IPAddress.TryParse(ip, out var given) ? given : null);
        return "{" + Join(tells.Trim()[1..^1], $"\"$ip\":{(shown is null ? "null" : JsonText.Quote(shown.ToString()))}") + "}";
    }

    private readonly string Context(string? eventName, string? other, bool hasIp)
    {
        var to = new ArrayBufferWriter<byte>(item.Length + envelope.Context.Length + 64);
        to.Write("{"u8);
        var any = false;
        foreach (var (start, length) in kept)
        {
            // The name is a column, unless it was too long for it.
            if (eventName is { Length: <= 200 } && item[start..].StartsWith("\"event\""u8)) continue;
            if (any) to.Write(","u8);
            Copy(start, length, to);
            any = true;
        }
        Object(to, "\"context\":{"u8, envelope.Context, context, hasIp, ref any);
        Object(to, "\"integrations\":{"u8, envelope.Integrations, integrations, false, ref any);
        if (other is not null)
        {
            if (any) to.Write(","u8);
            to.Write(Encoding.UTF8.GetBytes(other));
            any = true;
        }
        if (envelope.SentAt is not null && sent is null)
        {
            if (any) to.Write(","u8);
            to.Write(Encoding.UTF8.GetBytes($"\"sentAt\":{JsonText.Quote(envelope.SentAt)}"));
            any = true;
        }
        if (escapes || numbers is not null || envelope.Repaired)
        {
            if (any) to.Write(","u8);
            to.Write(Encoding.UTF8.GetBytes($"\"$escaped\":{JsonSerializer.Serialize(Escaped())}"));
        }
        to.Write("}"u8);
        return Encoding.UTF8.GetString(to.WrittenSpan);
    }

    private readonly List<string> Escaped()
    {
        var what = new List<string>();
        if (escapes) what.Add("characters");
        if (numbers is not null) what.Add("numbers");
        if (envelope.Repaired) what.Add("utf-8");
        return what;
    }

    // The batch's members first, the item's own after them: of two with one name PostgreSQL keeps the last.
    private readonly void Object(ArrayBufferWriter<byte> to, ReadOnlySpan<byte> opening, byte[] shared, (int Start, int Length) own, bool hasIp, ref bool any)
    {
        if (shared.Length == 0 && own.Length == 0) return;
        if (own.Length > 0 && item[own.Start] != (byte)'{')
        {
            // context: "text" is no context, and yet was sent.
            if (any) to.Write(","u8);
            to.Write(opening[..^1]);
            Copy(own.Start, own.Length, to);
            any = true;
            return;
        }
        if (any) to.Write(","u8);
        any = true;
        to.Write(opening);
        to.Write(shared);
        var inner = own.Length > 0 && !item.Slice(own.Start + 1, own.Length - 2).Trim(" \t\r\n"u8).IsEmpty;
        if (inner)
        {
            if (shared.Length > 0) to.Write(","u8);
            Copy(own.Start + 1, own.Length - 2, to);
        }
        if (hasIp && arrival.Source.Settings.Ip != IpPolicy.Keep)
        {
            var shown = arrival.Source.Settings.Address(IPAddress.TryParse(ip, out var given) ? given : null);
            if (inner || shared.Length > 0) to.Write(","u8);
            to.Write(Encoding.UTF8.GetBytes($"\"ip\":{(shown is null ? "null" : JsonText.Quote(shown.ToString()))}"));
        }
        to.Write("}"u8);
    }

    private readonly string? Text((int Start, int Length) part)
    {
        if (part.Length == 0) return null;
        if (!escapes && numbers is null) return Encoding.UTF8.GetString(item.Slice(part.Start, part.Length));
        var to = new ArrayBufferWriter<byte>(part.Length + 64);
        Copy(part.Start, part.Length, to);
        return Encoding.UTF8.GetString(to.WrittenSpan);
    }

    private readonly string InnerText((int Start, int Length) part) => part.Length == 0 ? string.Empty : Text(part)!.Trim()[1..^1].Trim();

    private static string Join(string first, string second) => first.Trim().Length == 0 ? second : second.Length == 0 ? first : first + "," + second;

    private readonly void Copy(int start, int length, ArrayBufferWriter<byte> to)
    {
        var end = start + length;
        if (numbers is not null)
        {
            foreach (var number in numbers)
            {
                if (number < start || number >= end) continue;
                Piece(start, number - start, to);
                var digits = item[number..];
                var size = digits.IndexOfAnyExcept("0123456789+-.eE"u8);
                if (size < 0) size = digits.Length;
                to.Write("\""u8);
                to.Write(digits[..size]);
                to.Write("\""u8);
                start = number + size;
            }
        }
        Piece(start, end - start, to);
    }

    private readonly void Piece(int start, int length, ArrayBufferWriter<byte> to)
    {
        if (escapes) JsonText.Escape(item.Slice(start, length), to);
        else to.Write(item.Slice(start, length));
    }
}
