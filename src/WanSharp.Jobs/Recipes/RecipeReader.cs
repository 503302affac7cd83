using System.Text.Json;
using System.Text.Json.Nodes;
using WanSharp.Jobs.Comfy;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Recipes;

/// <summary>Reads how other programs made a clip, from the texts that they put into it, or from a file of theirs.</summary>
public static class RecipeReader
{
    /// <summary>The most characters of a text that is read.</summary>
    public const int Longest = 16 << 20;

    private const string PromptName = "prompt";
    private const string WorkflowName = "workflow";

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    /// <summary>Reads a recipe.</summary>
    /// <param name="texts">The texts with their names; a file of its own has one, without a name.</param>
    /// <param name="source">Where they are from, for messages.</param>
    /// <returns>The recipe; null when none of the texts is one.</returns>
    /// <exception cref="InvalidRequestException">There is a workflow, but it does not make a clip, or is damaged.</exception>
    public static Recipe? Read(IEnumerable<(string Name, string Text)> texts, string source)
    {
        ArgumentNullException.ThrowIfNull(texts);
        try
        {
            return ReadAny(texts, source);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or OverflowException or ArgumentException)
        {
            // Values of other kinds than they should be, texts that are not Unicode.
            throw new InvalidRequestException(
                "workflow",
                $"{source} is a damaged workflow, or has settings that are not understood: {e.Message}"
            );
        }
    }

    private static Recipe? ReadAny(IEnumerable<(string Name, string Text)> texts, string source)
    {
        List<(string Name, string Text)> all = [.. texts.Where(text => text.Text.Length is > 0 and <= Longest)];
        List<(string Name, JsonObject Json)> objects = [.. all.SelectMany(text => Objects(text.Name, text.Text))];
        foreach (var (_, json) in objects)
        {
            if (SwarmRecipe.Find(json) is { } swarm)
            {
                return SwarmRecipe.Read(swarm);
            }

            if (Wan2GpRecipe.IsOne(json))
            {
                return Wan2GpRecipe.Read(json);
            }
        }

        // What ran counts more than what the editor showed.
        var prompts = objects.Where(one => IsApi(one.Json)).Select(one => one.Json).ToList();
        var workflows = objects.Where(one => one.Json["nodes"] is JsonArray).Select(one => one.Json).ToList();
        if (prompts.Count + workflows.Count > 0)
        {
            return ReadComfy(prompts, workflows, source);
        }

        return all.Select(text => ParametersRecipe.Read(text.Text)).FirstOrDefault(recipe => recipe is not null);
    }

    private static Recipe ReadComfy(List<JsonObject> prompts, List<JsonObject> workflows, string source)
    {
        InvalidRequestException? first = null;
        foreach (
            var (open, isFromEditor) in prompts
                .Select(json => ((Func<JsonObject>)(() => json), false))
                .Concat(workflows.Select(json => ((Func<JsonObject>)(() => new EditorWorkflow(json, source).ToApi()), true)))
        )
        {
            try
            {
                return new ComfyRecipe(ComfyWorkflow.Parse(open().ToJsonString(), source), isFromEditor).Read();
            }
            catch (InvalidRequestException exception)
            {
                first ??= exception;
            }
        }

        throw first!;
    }

    /// <summary>The objects that a text is or holds: itself, and the prompt and the workflow in it, which may be texts again.</summary>
    private static IEnumerable<(string Name, JsonObject Json)> Objects(string name, string text)
    {
        if (Parse(text) is not { } json)
        {
            yield break;
        }

        yield return (name, json);
        foreach (var member in new[] { PromptName, WorkflowName })
        {
            if ((json[member] as JsonObject ?? (json[member].Text() is { } inner ? Parse(inner) : null)) is { } found)
            {
                yield return (member, found);
            }
        }

        // SwarmUI's and others' metadata: {"extra_pnginfo": {"workflow": …}}.
        if (json["extra_pnginfo"].At(WorkflowName) is JsonObject extra)
        {
            yield return (WorkflowName, extra);
        }
    }

    /// <summary>The object of a text, which may have a name before it: <c>workflow:{…}</c>, as ComfyUI writes EXIF.</summary>
    private static JsonObject? Parse(string text)
    {
        var start = text.AsSpan().TrimStart("\uFEFF \t\r\n");
        var colon = start.IndexOf(':');
        var json =
            start.StartsWith("{") ? start
            : colon is > 0 and < 32 && start[(colon + 1)..].TrimStart().StartsWith("{") ? start[(colon + 1)..]
            : [];
        if (json.IsEmpty)
        {
            return null;
        }

        return TryParse(PythonJson.ToJson(json.ToString()));
    }

    private static JsonObject? TryParse(string json)
    {
        try
        {
            return JsonNode.Parse(json, documentOptions: Strict) as JsonObject;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            return null;
        }
    }

    private static bool IsApi(JsonObject json) =>
        json.Count > 0
        && json["nodes"] is not JsonArray
        && json.All(node => node.Value is JsonObject && node.Value["class_type"].Text() is not null && node.Value["inputs"] is JsonObject);
}
