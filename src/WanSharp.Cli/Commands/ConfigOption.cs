using System.CommandLine;
using System.CommandLine.Help;
using System.Text.Json;
using WanSharp.Cli.Terminal;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary>
/// Options that come from environment variables and a file. What the command line says goes first, then the variables, then the file,
/// then the defaults; each option is taken whole from the first of them that has it.
/// </summary>
/// <param name="environment">Has the variables.</param>
/// <param name="prefix">How the variables' names begin.</param>
internal sealed class ConfigOption(CliEnvironment environment, string prefix)
{
    private const string Off = "false";

    private static readonly JsonDocumentOptions Lenient = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        AllowDuplicateProperties = false,
        MaxDepth = 3,
    };

    /// <summary>The option that names the file.</summary>
    public Option<string?> Option { get; } =
        new("--config")
        {
            Description =
                $"A file of JSON with options by their names, without dashes: {{\"keep-hours\": 48}}. Environment variables "
                + $"({prefix}KEEP_HOURS) go before it, and the command line before both.",
            HelpName = "FILE",
        };

    /// <summary>The command line with what it leaves out.</summary>
    /// <exception cref="InvalidRequestException">The file cannot be read, names an option that is none, or a value is none.</exception>
    public ParseResult Complete(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var options = command.Options.Where(option => option is not HelpOption && option != Option).ToList();
        var values = Read(parsed.GetValue(Option) ?? environment.Variable(Variable(Option)), options);
        var args = new List<string> { command.Name };
        foreach (var option in options)
        {
            if (parsed.GetResult(option) is { Implicit: false } given)
            {
                args.AddRange(Written(option, [.. given.Tokens.Select(token => token.Value)]));
            }
            else if (environment.Variable(Variable(option)) is { } text)
            {
                args.AddRange(Checked(parsed, Variable(option), option, OfText(option, text)));
            }
            else if (values.TryGetValue(option, out var value))
            {
                args.AddRange(Checked(parsed, $"'{NameOf(option)}' in the file of --config", option, value));
            }
        }

        return Parse(parsed, args);
    }

    private static Dictionary<Option, IReadOnlyList<string>> Read(string? path, List<Option> options)
    {
        var values = new Dictionary<Option, IReadOnlyList<string>>();
        if (path is null)
        {
            return values;
        }

        if (!File.Exists(path))
        {
            throw new InvalidRequestException("config", $"There is no file {path}: check the path.") { IsOfFile = true };
        }

        try
        {
            using var document = JsonDocument.Parse(PlainFile.ReadAllBytes(path), Lenient);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw Wrong($"{path} is not an object of options: write {{\"keep-hours\": 48}}.");
            }

            foreach (var member in document.RootElement.EnumerateObject())
            {
                var option =
                    options.FirstOrDefault(option => NameOf(option) == member.Name)
                    ?? throw Wrong($"{path}: there is no option '{member.Name}'.{NearestName.Hint(member.Name, options.Select(NameOf))}");
                values[option] =
                    ValuesOf(member.Value)
                    ?? throw Wrong(
                        $"{path}: '{member.Name}' has a value that no option takes: write text, a number, true, false, or a list of these."
                    );
            }

            return values;
        }
        catch (JsonException exception)
        {
            throw Wrong($"{path} is not JSON: {exception.Message}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Wrong($"{path} cannot be read: {exception.Message}");
        }
    }

    /// <summary>The texts that a value is; null where it is none.</summary>
    private static List<string>? ValuesOf(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Array => Together(value.EnumerateArray().Select(TextOf)),
            JsonValueKind.Object => Together(
                value.EnumerateObject().Select(one => TextOf(one.Value) is { } text ? $"{one.Name}={text}" : null)
            ),
            _ => Together([TextOf(value)]),
        };

    private static string? TextOf(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            JsonValueKind.True => "true",
            JsonValueKind.False => Off,
            _ => null,
        };

    private static List<string>? Together(IEnumerable<string?> parts)
    {
        var texts = parts.ToList();
        return texts.Contains(null) ? null : [.. texts.OfType<string>()];
    }

    /// <summary>A variable's value: a switch is true or false, and options that may be given several times are parted by spaces.</summary>
    private static string[] OfText(Option option, string text) =>
        option.Arity.MaximumNumberOfValues > 1 ? text.Split(' ', StringSplitOptions.RemoveEmptyEntries) : [text];

    private static List<string> Checked(ParseResult parsed, string origin, Option option, IReadOnlyList<string> values)
    {
        var args =
            option is Option<bool>
                ? values switch
                {
                    ["true" or "1"] => [option.Name],
                    [Off or "0"] => [],
                    _ => throw Wrong($"{origin} is a switch: true or false."),
                }
                : Written(option, values).ToList();
        return ErrorOf(parsed, args) is { } error ? throw Wrong($"{origin}: {error}") : args;
    }

    private static string? ErrorOf(ParseResult parsed, List<string> args)
    {
        try
        {
            return Parse(parsed, [parsed.CommandResult.Command.Name, .. args]).Errors is [var error, ..] ? error.Message : null;
        }
        catch (InvalidOperationException exception)
        {
            return exception.Message; // a validator that looked at a value which is none
        }
    }

    private static IEnumerable<string> Written(Option option, IReadOnlyList<string> values) =>
        option is Option<bool> ? [option.Name] : values.Select(value => $"{option.Name}={value}");

    private static ParseResult Parse(ParseResult parsed, IReadOnlyList<string> args) =>
        PlainParsing.Parse((RootCommand)parsed.RootCommandResult.Command, args);

    private static string NameOf(Option option) => option.Name.TrimStart('-');

    private string Variable(Option option) => prefix + NameOf(option).Replace('-', '_').ToUpperInvariant();

    private static InvalidRequestException Wrong(string message) => new("config", message);
}
