using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Batches.Wildcards;

/// <summary>
/// Reads the template language of the Dynamic Prompts extension: <c>{a|b}</c>, <c>{2::a|b}</c>, <c>{2$$a|b|c}</c>, <c>{1-3$$ and
/// $$a|b|c}</c>,
/// <c>__name__</c>. A backslash makes the character after it a letter. Braces without a | or $$ are letters; what the language has and
/// this does
/// not (variables, other samplers) is refused.
/// </summary>
internal sealed partial class TemplateParser
{
    private const int MostDepth = 32;
    private const int MostChosen = 100;
    private const string Special = "{}|_$#";

    private readonly string _text;
    private int _at;
    private int _depth;
    private bool _isInChoice;

    private TemplateParser(string text) => _text = text;

    /// <exception cref="InvalidRequestException">It is not a template.</exception>
    public static PromptNode Parse(string text)
    {
        var node = new TemplateParser(text).Sequence(inChoice: false);
        return Comment().Match(text) is { Success: true } comment && Offers(node)
            ? throw Refused(
                text,
                comment.Index,
                "Dynamic Prompts leaves a comment out, and here it would be part of the prompt: remove it; \\# is the character"
            )
            : node;
    }

    /// <summary>Whether there is something to choose, so that the text is a template.</summary>
    private static bool Offers(PromptNode node) =>
        node is PromptNode.Wildcard or PromptNode.Choice || (node is PromptNode.Sequence sequence && sequence.Parts.Any(Offers));

    /// <summary>A line of a wildcard's file, which may begin with a weight.</summary>
    public static PromptNode.Option ParseLine(string text)
    {
        var parser = new TemplateParser(text);
        var weight = parser.Weight();
        return new PromptNode.Option(parser.Sequence(inChoice: false), weight);
    }

    private PromptNode Sequence(bool inChoice)
    {
        var (parts, letters, outer) = (new List<PromptNode>(), new StringBuilder(), _isInChoice);
        _isInChoice = inChoice;
        while (_at < _text.Length && !(inChoice && _text[_at] is '|' or '}'))
        {
            if (Node() is { } node)
            {
                EndLetters();
                parts.Add(node);
            }
            else
            {
                _at += IsEscape(_at) ? 1 : 0;
                letters.Append(_text[_at++]);
            }
        }

        EndLetters();
        _isInChoice = outer;
        return parts.Count == 1 ? parts[0] : new PromptNode.Sequence(parts);

        void EndLetters()
        {
            if (letters.Length > 0)
            {
                parts.Add(new PromptNode.Letters(letters.ToString()));
                letters.Clear();
            }
        }
    }

    /// <summary>What is not a letter; null when a letter is next.</summary>
    private PromptNode? Node()
    {
        switch (_text[_at])
        {
            case '$' when Variable().IsMatch(_text, _at):
                throw Refused(
                    "variables (${…}) are not supported: write the choice where it is used, or a job for each value; \\$ is the character"
                );
            case '$' when _isInChoice && _at + 1 < _text.Length && _text[_at + 1] == '$':
                throw Refused("$$ in a choice follows how many options are taken, such as {2$$a|b|c}; \\$ is the character");
            case '_' when WildcardName().Match(_text, _at) is { Success: true } match:
                return Wildcard(match);
            case '{' when EndOfBraces() is var (end, isChoice):
                return isChoice ? Choice() : Braces(end);
            default:
                return null;
        }
    }

    private PromptNode.Wildcard Wildcard(Match match)
    {
        var name = match.Groups["name"].Value;
        if (match.Groups["rest"].Length > 0 || name[0] is '@' or '!')
        {
            throw Refused(
                match.Groups["rest"].Length > 0
                    ? "templates with parameters are not supported"
                    : $"the sampler '{name[0]}' is not supported: leave it out, and a line is chosen at random"
            );
        }

        _at += match.Length;
        return new PromptNode.Wildcard(name.TrimStart('~').Trim());
    }

    /// <summary>Braces that offer no choice: letters, but what is in them may.</summary>
    private PromptNode.Sequence Braces(int end)
    {
        var inner = new TemplateParser(_text[(_at + 1)..end]) { _depth = Deeper() };
        var node = new PromptNode.Sequence([new PromptNode.Letters("{"), inner.Sequence(inChoice: false), new PromptNode.Letters("}")]);
        (_at, _depth) = (end + 1, _depth - 1);
        return node;
    }

    private PromptNode.Choice Choice()
    {
        Deeper();
        _at++;
        if (_text[_at] is '@' or '!')
        {
            throw Refused($"the sampler '{_text[_at]}' is not supported: leave it out, or write \\{_text[_at]} for the character");
        }

        _at += _text[_at] == '~' ? 1 : 0;
        var (least, most, separator) = Count();
        var options = new List<PromptNode.Option>();
        do
        {
            var weight = Weight();
            options.Add(new PromptNode.Option(Sequence(inChoice: true), weight));
        } while (_text[_at++] == '|');

        _depth--;
        return options.All(option => option.Weight == 0)
            ? throw Refused("every option of a choice has the weight 0")
            : new PromptNode.Choice(options, least, most, separator);
    }

    private (int Least, int? Most, string Separator) Count()
    {
        if (CountOfChoice().Match(_text, _at) is not { Success: true } match)
        {
            return (1, 1, "");
        }

        _at += match.Length;
        var least = Number(match.Groups["from"], 1)!.Value;
        var most = match.Groups["range"].Length > 0 ? Number(match.Groups["to"], null) : least;
        if (most < least || least > MostChosen || most > MostChosen)
        {
            throw Refused($"a choice takes up to {MostChosen} options, the smaller number first");
        }

        return (least, most, match.Groups["separator"].Success ? match.Groups["separator"].Value : ", ");

        static int? Number(Group group, int? missing) => group.Length > 0 ? int.Parse(group.Value, CultureInfo.InvariantCulture) : missing;
    }

    private double Weight()
    {
        if (WeightOfOption().Match(_text, _at) is not { Success: true } match)
        {
            return 1;
        }

        _at += match.Length;
        return double.Parse(match.Groups["weight"].Value, CultureInfo.InvariantCulture);
    }

    /// <summary>Where the braces that begin here end, and whether they offer a choice; null when they do not end.</summary>
    private (int End, bool IsChoice)? EndOfBraces()
    {
        var (depth, isChoice) = (0, false);
        for (var i = _at; i < _text.Length; i++)
        {
            switch (_text[i])
            {
                case '\\' when IsEscape(i):
                    i++;
                    break;
                case '{':
                    depth++;
                    break;
                case '}' when --depth == 0:
                    return (i, isChoice);
                case '|' when depth == 1:
                case '$' when depth == 1 && i + 1 < _text.Length && _text[i + 1] == '$':
                    isChoice = true;
                    break;
            }
        }

        return isChoice ? throw Refused("this { is not closed: add the }, or write \\{ for the character") : null;
    }

    private bool IsEscape(int at) =>
        _text[at] == '\\' && at + 1 < _text.Length && Special.Contains(_text[at + 1], StringComparison.Ordinal);

    private int Deeper() => ++_depth <= MostDepth ? _depth : throw Refused($"choices are nested more than {MostDepth} deep");

    private InvalidRequestException Refused(string why) => Refused(_text, Math.Min(_at, _text.Length), why);

    private static InvalidRequestException Refused(string text, int from, string why) =>
        new("prompt", $"At '{text[from..Math.Min(from + 20, text.Length)]}': {why}.");

    [GeneratedRegex(@"(?<=^|\s)(?:#|//)(?=\s)|/\*[^*]*\*/")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\G\$\{[\p{L}_]\w*\s*[=:}]")]
    private static partial Regex Variable();

    /// <remarks>
    /// As in Dynamic Prompts (adieyal/dynamicprompts:src/dynamicprompts/parser/parse.py), a name is anything but these characters, on one
    /// line. A blank of four underscores or more begins none.
    /// </remarks>
    [GeneratedRegex(@"(?<!(?<!\\)_)\G__(?<name>(?:(?!__)[^({}#\r\n])*[^\s({}#_](?:(?!__)[^({}#\r\n])*)(?<rest>\([^)]*\))?__")]
    private static partial Regex WildcardName();

    [GeneratedRegex(@"\G\s*(?:(?<from>\d{1,6})?(?<range>-)(?<to>\d{1,6})?|(?<from>\d{1,6}))\$\$(?:(?<separator>[^${}]*)\$\$)?")]
    private static partial Regex CountOfChoice();

    [GeneratedRegex(@"\G\s*(?<weight>\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})::")]
    private static partial Regex WeightOfOption();
}
