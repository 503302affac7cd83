using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace WanSharp.Models.Documents;

/// <summary>Reads YAML, as other tools have in their settings. Nothing in it names a type: tags are left unread.</summary>
internal sealed class YamlDocument
{
    private const int MostDepth = 32;
    private const string Merge = "<<";

    private readonly Dictionary<string, DocumentNode> _anchors = new(StringComparer.Ordinal);
    private readonly Parser _parser;
    private int _depth;

    private YamlDocument(string text) => _parser = new Parser(new StringReader(text));

    /// <summary>Reads a text of one document; null if it is empty.</summary>
    /// <exception cref="InvalidDataException">It is not YAML; the message names the line.</exception>
    public static DocumentNode? Read(string text)
    {
        var document = new YamlDocument(text);
        try
        {
            return document.Root();
        }
        catch (YamlException e)
        {
            throw new InvalidDataException($"line {e.Start.Line}: it is not YAML: {e.InnerException?.Message ?? e.Message}", e);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or EndOfStreamException)
        {
            // The library says so of some texts that no program writes.
            throw new InvalidDataException($"line {document._parser.Current?.End.Line ?? 1} or below: it is not YAML.", e);
        }
    }

    private DocumentNode? Root()
    {
        _parser.Consume<StreamStart>();
        if (!_parser.TryConsume<DocumentStart>(out _))
        {
            return null;
        }

        var root = Node();
        _parser.Consume<DocumentEnd>();
        return _parser.TryConsume<StreamEnd>(out _) ? root : throw Refused(_parser.Current, "a second document begins here: remove it");
    }

    private DocumentNode Node()
    {
        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            return _anchors.TryGetValue(alias.Value.Value, out var known)
                ? known
                : throw Refused(alias, $"nothing is called {alias.Value}");
        }

        if (++_depth > MostDepth)
        {
            throw Refused(_parser.Current, $"it is nested more than {MostDepth} deep");
        }

        var start = _parser.Current as NodeEvent ?? throw Refused(_parser.Current, "a value is missing");
        var line = (int)start.Start.Line;
        DocumentNode node =
            _parser.TryConsume<Scalar>(out var scalar) ? new DocumentNode.Text(ValueOf(scalar), line)
            : _parser.TryConsume<SequenceStart>(out _) ? new DocumentNode.List(Items(), line)
            : new DocumentNode.Map(Entries(), line);
        _depth--;
        if (!start.Anchor.IsEmpty)
        {
            _anchors[start.Anchor.Value] = node;
        }

        return node;
    }

    private static string ValueOf(Scalar scalar) => scalar is { Style: ScalarStyle.Plain, Value: "~" or "null" } ? "" : scalar.Value;

    private List<DocumentNode> Items()
    {
        List<DocumentNode> items = [];
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(Node());
        }

        return items;
    }

    /// <summary>Of two entries of a name the later is taken, as PyYAML does; what is merged gives those that are missing.</summary>
    private OrderedDictionary<string, DocumentNode> Entries()
    {
        _parser.Consume<MappingStart>();
        var entries = new OrderedDictionary<string, DocumentNode>(StringComparer.Ordinal);
        List<DocumentNode.Map> merged = [];
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var key = _parser.TryConsume<Scalar>(out var name) ? name : throw Refused(_parser.Current, "a name is a text");
            var value = Node();
            if (key is { Value: Merge, Style: ScalarStyle.Plain } && value is DocumentNode.Map map)
            {
                merged.Add(map);
            }
            else
            {
                entries[key.Value] = value;
            }
        }

        foreach (var (name, value) in merged.SelectMany(map => map.Entries))
        {
            entries.TryAdd(name, value);
        }

        return entries;
    }

    private static InvalidDataException Refused(ParsingEvent? at, string why) => new($"line {at?.Start.Line}: {why}.");
}
