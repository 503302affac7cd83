using System.CommandLine;
using System.Security.Cryptography;
using WanSharp.Engine.Requests;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary>The options of a clip's settings, one for each row of <see cref="SettingFields"/>.</summary>
internal sealed class SettingOptions
{
    private const string Random = "random";

    private readonly List<(SettingField Field, Option Option)> _options;

    /// <param name="withSeed">Whether there is an option for the seed, which may also be drawn.</param>
    public SettingOptions(bool withSeed)
        : this(SettingFields.All.Where(field => field.Option is not null && (withSeed || field != SettingFields.Seed))) { }

    private SettingOptions(IEnumerable<SettingField> fields) => _options = [.. fields.Select(field => (field, Create(field)))];

    /// <summary>The options of some settings.</summary>
    /// <param name="names">Their names.</param>
    public static SettingOptions Of(params IEnumerable<string> names) => new(names.Select(name => SettingFields.Find(name)!));

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var (_, option) in _options)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Settings with what was typed.</summary>
    /// <exception cref="InvalidRequestException">Two options contradict each other.</exception>
    public T Read<T>(ParseResult parsed, T settings)
        where T : ClipSettings
    {
        var given = _options.Select(one => (one.Field, Text: Given(parsed, one.Option))).Where(one => one.Text is not null).ToList();
        foreach (var (field, text) in given)
        {
            if (given.FirstOrDefault(one => one.Field.Excludes.Contains(field.Name)).Field is { } rival)
            {
                throw new InvalidRequestException(field.Name, $"{rival.Option} and {field.Option} were both given: give only one.");
            }

            _ = field.TrySet(settings, IsDrawn(field, text!) ? Draw() : text!, out var changed);
            settings = field.From(changed, Environment.CurrentDirectory);
        }

        return settings;
    }

    private static string? Given(ParseResult parsed, Option option) =>
        option is Option<string[]> several
            ? parsed.GetValue(several) is { Length: > 0 } texts
                ? string.Join(LoraUse.Separator, texts)
                : null
            : parsed.GetValue((Option<string?>)option);

    private static Option Create(SettingField field)
    {
        var mayBeDrawn = field == SettingFields.Seed;
        Option option = field.IsList
            ? new Option<string[]>(field.Option!) { DefaultValueFactory = _ => [] }
            : new Option<string?>(field.Option!);
        option.Description = field.Help + (mayBeDrawn ? " Default: 0." : "");
        option.HelpName = field.ValueName + (mayBeDrawn ? $"|{Random}" : "");
        option.Validators.Add(result =>
        {
            // a single value that is given twice is refused elsewhere
            if (
                (field.IsList || result.Tokens.Count == 1)
                && result.Tokens.FirstOrDefault(token => !IsValue(field, token.Value)) is { } token
            )
            {
                result.AddError($"{field.Option} takes {field.Expected}{(mayBeDrawn ? $", or {Random}" : "")}, not '{token.Value}'.");
            }
        });
        return option;
    }

    private static bool IsValue(SettingField field, string text) => IsDrawn(field, text) || field.IsValue(text);

    private static bool IsDrawn(SettingField field, string text) => field == SettingFields.Seed && text == Random;

    /// <summary>32 bits: as many as other programs draw, and short enough for a file's name.</summary>
    private static string Draw() =>
        BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(sizeof(uint))).ToString(System.Globalization.CultureInfo.InvariantCulture);
}
