using System.Globalization;
using System.Numerics;
using System.Text.Json;
using WanSharp.Tensors;

namespace WanSharp.Engine.Requests;

/// <summary>A setting of a clip, as data: what commands, files and servers need in order to offer it. Immutable.</summary>
public sealed class SettingField
{
    private readonly Func<string, object?> _parse;
    private readonly Func<ClipSettings, object?> _get;
    private readonly Func<ClipSettings, object, ClipSettings> _set;
    private readonly Func<GenerationSettings, object?> _resolved;

    /// <param name="parse">A value from its text; null if it is not one.</param>
    /// <param name="get">The value in settings, or null.</param>
    /// <param name="set">Settings with a value.</param>
    /// <param name="resolved">The value that a clip was made with; null for what other fields say in a clip.</param>
    internal SettingField(
        Func<string, object?> parse,
        Func<ClipSettings, object?> get,
        Func<ClipSettings, object, ClipSettings> set,
        Func<GenerationSettings, object?> resolved
    ) => (_parse, _get, _set, _resolved) = (parse, get, set, resolved);

    /// <summary>The name in files, job rows and JSON: <c>guidance_high</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The option of commands: <c>--guidance-high</c>. Null for a part of another field, whose option sets it.</summary>
    public string? Option => IsPart ? null : $"--{Label}";

    /// <summary>The name for people, in tables and messages: <c>guidance-high</c>.</summary>
    public string Label => Name.Replace('_', '-');

    /// <summary>What the value is called in help: <c>SCALE</c>.</summary>
    public required string ValueName { get; init; }

    /// <summary>One line of help.</summary>
    public required string Help { get; init; }

    /// <summary>The range of a number; null if it is not a number.</summary>
    public SettingRange? Range { get; init; }

    /// <summary>The names to choose from; empty if any text is allowed or it is a number.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>What a value looks like, for messages: <c>a whole number from 1 to 120</c>.</summary>
    public required string Expected { get; init; }

    /// <summary>Whether it accepts any text, which may be long.</summary>
    public bool IsFreeText => Range is null && Choices.Count == 0 && Example is null && !IsComposite;

    /// <summary>A value, as a user may write it; null where any text, or a number of <see cref="Range"/>, shows it as well.</summary>
    public string? Example { get; init; }

    /// <summary>Whether it is a part of another field, as the width is of the size.</summary>
    public bool IsPart { get; init; }

    /// <summary>Whether it is another way to write several fields, which are stored instead.</summary>
    internal bool IsComposite { get; init; }

    /// <summary>Fields that say the same in another way, so that only one can be given. Setting one clears the others.</summary>
    public IReadOnlyList<string> Excludes { get; init; } = [];

    /// <summary>The field whose value this one takes if it is left open; null if there is none.</summary>
    internal string? ImpliedBy { get; init; }

    /// <summary>
    /// Whether it takes several values, which JSON may write as an array: numbers, or texts that one text separates by
    /// <see cref="LoraUse.Separator"/>.
    /// </summary>
    public bool IsList { get; init; }

    /// <summary>Whether only models with two experts have a use for it.</summary>
    public bool ForExperts { get; private set; }

    /// <summary>Whether it is about the steps or their guidance, which a preset settles.</summary>
    public bool OfSteps { get; private set; }

    /// <summary>Whether its value is a file, or the name of one.</summary>
    public bool NamesFile => Anchor is not null;

    /// <summary>Settings whose relative paths begin at a folder; null where the field names no files.</summary>
    internal Func<ClipSettings, string, ClipSettings>? Anchor { get; init; }

    /// <summary>
    /// Whether a text is a value. Its range is checked when a clip is planned, because it may depend on the model.
    /// </summary>
    public bool IsValue(string text) => _parse(text) is not null;

    /// <summary>Settings with a value given as text.</summary>
    /// <returns>Whether the text is a value; see <see cref="IsValue"/>.</returns>
    public bool TrySet<T>(T settings, string text, out T changed)
        where T : ClipSettings
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(text);
        var value = _parse(text);
        changed = value is null ? settings : (T)_set(settings, value);
        return value is not null;
    }

    /// <summary>
    /// Settings whose files become full paths if they exist, relative to a folder; others stay as they are.
    /// </summary>
    /// <param name="settings">The settings.</param>
    /// <param name="folder">Where relative paths begin.</param>
    public T From<T>(T settings, string folder)
        where T : ClipSettings => Anchor is null ? settings : (T)Anchor(settings, folder);

    /// <summary>A value of JSON as text; null if it is an object, or a list of other things than numbers or texts.</summary>
    public static string? TextOf(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Object => null,
            JsonValueKind.Array
                when value.GetArrayLength() > 0 && value.EnumerateArray().All(one => one.ValueKind == JsonValueKind.Number) => string.Join(
                ',',
                value.EnumerateArray().Select(one => one.GetRawText())
            ),
            JsonValueKind.Array => value.GetArrayLength() > 0 && value.EnumerateArray().All(one => one.ValueKind == JsonValueKind.String)
                ? string.Join(LoraUse.Separator, value.EnumerateArray().Select(one => one.GetString()))
                : null,
            _ => value.GetRawText(),
        };

    /// <summary>The same field, of which it is said what it is for.</summary>
    internal SettingField Marked(bool forExperts = false, bool ofSteps = false)
    {
        var marked = (SettingField)MemberwiseClone();
        (marked.ForExperts, marked.OfSteps) = (forExperts, ofSteps);
        return marked;
    }

    /// <summary>Copies the value of other settings, if they have one.</summary>
    internal T Copy<T>(ClipSettings from, T to)
        where T : ClipSettings => _get(from) is { } value ? (T)_set(to, value) : to;

    /// <summary>Settings with the value that a clip was made with.</summary>
    internal ClipSettings CopyResolved(GenerationSettings from, ClipSettings to) => _resolved(from) is { } value ? _set(to, value) : to;

    /// <summary>The value in settings: text, a number, or null if it is left open.</summary>
    public object? Get(ClipSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return _get(settings);
    }

    /// <summary>The value as text that <see cref="TrySet"/> reads back; null if it is left open.</summary>
    public string? Print(ClipSettings settings) =>
        Get(settings) is { } value ? Convert.ToString(value, CultureInfo.InvariantCulture) : null;

    /// <summary>The values of a list one by one, or the only value; none where it is left open.</summary>
    internal IEnumerable<string> PrintEach(ClipSettings settings) =>
        Get(settings) switch
        {
            null => [],
            LoraUses uses => uses.Select(use => use.ToString()),
            _ => [Print(settings)!],
        };

    /// <summary>A value that is in the range.</summary>
    /// <exception cref="InvalidRequestException">It is out of range; the message names the nearest valid value.</exception>
    internal T Require<T>(T value)
        where T : INumber<T> => SettingTexts.InRange(Label, value, T.CreateChecked(Range!.Minimum), T.CreateChecked(Range.Maximum));
}
