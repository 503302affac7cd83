using System.Text.Json;
using System.Text.Json.Nodes;

namespace WanSharp.Testing;

/// <summary>Changes a text as damage, and as programs that write it otherwise, would.</summary>
public static class JsonMutation
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Half of a pair of characters, which no text has alone.</summary>
    private const string Half = @"\ud800";

    private static readonly string[] Values =
    [
        "null",
        "true",
        "-1",
        "1e308",
        "99999999999999999999",
        "0.5",
        "\"\"",
        "\"text\"",
        "\"\\u0000\"",
        "[]",
        "{}",
        "[\"3\", 0]",
        "[3, -1]",
        "[[[1]]]",
        "-10",
        "\"..\"",
    ];

    /// <summary>A text that differs in one to three places.</summary>
    public static string Of(string text, Random random)
    {
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            text = random.Next(3) == 0 || text.Contains(Half, StringComparison.Ordinal) ? Bytes(text, random) : Member(text, random);
        }

        return text;
    }

    private static string Bytes(string text, Random random)
    {
        if (text.Length == 0)
        {
            return "{";
        }

        var at = random.Next(text.Length);
        return random.Next(5) switch
        {
            4 => text.Insert(at, Half),
            0 => text[..at],
            1 => text.Remove(at, Math.Min(random.Next(1, 40), text.Length - at)),
            2 => text.Insert(at, text.Substring(random.Next(text.Length), 1)),
            _ => text[..at] + (char)random.Next(1, 255) + text[(at + 1)..],
        };
    }

    /// <summary>Removes, renames, moves or replaces something in the document.</summary>
    private static string Member(string text, Random random)
    {
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(text, documentOptions: Strict);
        }
        catch (JsonException)
        {
            return Bytes(text, random);
        }

        List<JsonNode> nodes = [];
        Collect(root, nodes);
        if (nodes.Count == 0)
        {
            return text;
        }

        var node = nodes[random.Next(nodes.Count)];
        var value = JsonNode.Parse(Values[random.Next(Values.Length)]);
        switch (node)
        {
            case JsonObject { Count: > 0 } members:
                var name = members.ElementAt(random.Next(members.Count)).Key;
                if (random.Next(3) == 0)
                {
                    members.Remove(name);
                }
                else
                {
                    members[name] = value;
                }

                break;
            case JsonArray { Count: > 0 } items:
                var at = random.Next(items.Count);
                if (random.Next(3) == 0)
                {
                    items.RemoveAt(at);
                }
                else
                {
                    items[at] = value;
                }

                break;
        }

        return root!.ToJsonString();
    }

    private static void Collect(JsonNode? node, List<JsonNode> nodes)
    {
        if (node is JsonObject or JsonArray)
        {
            nodes.Add(node);
        }

        foreach (var child in node is JsonObject members ? members.Select(one => one.Value) : node as IEnumerable<JsonNode?> ?? [])
        {
            Collect(child, nodes);
        }
    }
}
