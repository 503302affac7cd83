using System.Text.Json;
using System.Text.RegularExpressions;
using WanSharp.Engine.Requests;
using WanSharp.Jobs;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Recipes;
using WanSharp.Server.Http;
using WanSharp.Server.Work;
using WanSharp.Tensors;

namespace WanSharp.Server.Comfy;

/// <summary>Makes a graph into a request for a video, or says which nodes are in the way.</summary>
/// <param name="names">The names of the server's files.</param>
/// <param name="pictures">The pictures that were uploaded.</param>
internal sealed partial class GraphReader(ServedNames names, InputPictures pictures)
{
    /// <summary>What sentences that name no node are about.</summary>
    private static readonly (string Word, string[] Inputs)[] Subjects =
    [
        ("pixels", ["width"]),
        ("frames a second", ["fps", "frame_rate"]),
        ("frames", ["length", "num_frames"]),
        ("LoRA", ["lora_name", "lora"]),
        ("sampler", ["sampler_name", "scheduler"]),
        ("schedule", ["scheduler"]),
        ("texts", ["text", "positive_prompt"]),
        ("seed", ["seed", "noise_seed"]),
        ("steps", ["steps"]),
        ("guidance", ["cfg"]),
    ];

    private static readonly string[] TextInputs = ["text", "positive_prompt", "negative_prompt"];
    private static readonly string[] Frames = ["start_image", "end_image"];
    private static readonly string[] Visions = ["clip_vision_output", "clip_vision_start_image", "clip_vision_end_image", "clip_embeds"];

    /// <summary>Which input of which node takes a setting, for what is found wrong when the clip is planned.</summary>
    private static readonly Dictionary<string, string[]> InputsOf = new()
    {
        ["size"] = ["width"],
        ["width"] = ["width"],
        ["height"] = ["height"],
        ["frames"] = ["length", "num_frames"],
        ["steps"] = ["steps"],
        ["guidance"] = ["cfg"],
        ["guidance_high"] = ["cfg"],
        ["shift"] = ["shift"],
        ["seed"] = ["seed", "noise_seed"],
        ["sampler"] = ["sampler_name", "scheduler"],
        ["fps"] = ["fps", "frame_rate"],
        ["lora"] = ["lora_name", "lora"],
        ["lora_high"] = ["lora_name", "lora"],
        ["lora_low"] = ["lora_name", "lora"],
        ["image"] = ["image"],
        ["prompt"] = ["text", "positive_prompt"],
    };

    /// <summary>Reads a graph.</summary>
    /// <exception cref="GraphException">It asks for something that cannot be made here.</exception>
    public VideoRequest Read(PromptGraph graph)
    {
        if (new GraphCheck(graph, names).Run() is { Count: > 0 } wrong)
        {
            throw GraphException.Of(graph, wrong);
        }

        var recipe = RecipeOf(graph);
        List<GraphProblem> problems = [.. Texts(graph), .. Savers(graph), .. Models(graph, recipe), .. Zeros(graph, recipe)];
        foreach (var sentence in recipe.Unexpressed.Where(sentence => !AboutText().IsMatch(sentence))) // Texts says it of the node
        {
            problems.Add(GraphProblem.NotSupported(NodeIn(sentence, graph) ?? NodeAbout(sentence, graph), sentence));
        }

        var images = Images(graph, recipe, problems);
        return problems.Count > 0
            ? throw GraphException.Of(graph, problems)
            : new VideoRequest
            {
                Format = FormatOf(graph.Find(graph.Outputs[0])!),
                Entry = new BatchEntry
                {
                    Line = 1,
                    Request = SettingFields.Fill(
                        new JobRequest { Prompt = Unescaped(recipe.Prompt), Images = images },
                        recipe.Settings
                    ) with
                    {
                        NegativePrompt = recipe.Settings.NegativePrompt is { } negative ? Unescaped(negative) : null,
                    },
                },
            };
    }

    /// <summary>What is wrong with a clip, as a problem of the node that asks for it.</summary>
    public static GraphException Refused(PromptGraph graph, InvalidRequestException exception)
    {
        var inputs = InputsOf.GetValueOrDefault(exception.Field.ToLowerInvariant(), []);
        var place = graph
            .Used.SelectMany(node => inputs.Where(node.Inputs.ContainsKey).Select(input => (node.Id, Input: (string?)input)))
            .FirstOrDefault((Id: graph.Outputs[0], Input: null));
        return GraphException.Of(graph, [GraphProblem.NotSupported(place.Id, ClientText.Of(exception.Message), place.Input)]);
    }

    private static Recipe RecipeOf(PromptGraph graph)
    {
        try
        {
            return RecipeReader.Read([("prompt", graph.ToJson())], "the graph")!;
        }
        catch (InvalidRequestException exception)
        {
            throw GraphException.Of(graph, [GraphProblem.NotSupported(graph.Outputs[0], ClientText.Of(exception.Message))]);
        }
    }

    /// <summary>ComfyUI reads weights in texts, which change what is encoded: (word:1.2), and (word) for 1.1.</summary>
    private static IEnumerable<GraphProblem> Texts(PromptGraph graph)
    {
        foreach (var node in graph.Used)
        {
            foreach (var input in TextInputs.Where(node.Inputs.ContainsKey))
            {
                var text =
                    graph.ValueOf(node, input) is { } value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : "";
                var mark = node.ClassType == "CLIPTextEncode" ? Emphasis().Match(text) : Weight().Match(text);
                if (mark.Success)
                {
                    yield return GraphProblem.NotSupported(
                        node.Id,
                        $"{input} weighs words ({mark.Value}), which this server does not: write it without, or the brackets as "
                            + "\\( and \\).",
                        input
                    );
                }

                if (Mark().Match(text) is { Success: true } lora)
                {
                    yield return GraphProblem.NotSupported(
                        node.Id,
                        $"{input} has {lora.Value}, which is plain text there and a LoRA here: use a node that loads it.",
                        input
                    );
                }

                if (text.Contains("embedding:", StringComparison.Ordinal))
                {
                    yield return GraphProblem.NotSupported(node.Id, $"{input} names an embedding, which this server does not have.", input);
                }
            }
        }
    }

    /// <summary>One file is made: nodes that save it must agree on its format.</summary>
    private static IEnumerable<GraphProblem> Savers(PromptGraph graph)
    {
        var first = graph.Find(graph.Outputs[0])!;
        return graph
            .Outputs.Skip(1)
            .Select(id => graph.Find(id)!)
            .Where(other => FormatOf(other) != FormatOf(first) || Rate(graph, other) != Rate(graph, first))
            .Select(other =>
                GraphProblem.NotSupported(
                    other.Id,
                    $"it saves another file than {graph.NameOf(first.Id)}, and a prompt makes one: send a prompt for each."
                )
            );
    }

    private IEnumerable<GraphProblem> Models(PromptGraph graph, Recipe recipe)
    {
        if (names.WhyNot(recipe.Model, recipe.HighNoiseModel, recipe.LowNoiseModel) is not { } why)
        {
            yield break;
        }

        var loader = graph.Used.FirstOrDefault(node => node.ClassType is "UNETLoader" or "WanVideoModelLoader");
        yield return GraphProblem.NotSupported(loader?.Id ?? graph.Outputs[0], why, loader is null ? null : loader.Type!.Inputs[0].Name);
    }

    /// <summary>A negative prompt of zeros is not one that we can give; where guidance is off, none is needed.</summary>
    private static IEnumerable<GraphProblem> Zeros(PromptGraph graph, Recipe recipe) =>
        recipe.Settings is { GuidanceScale: 1, HighNoiseGuidanceScale: null or 1 }
            ? []
            : graph
                .Used.Where(node => node.ClassType == "ConditioningZeroOut")
                .Select(node =>
                    GraphProblem.NotSupported(node.Id, "zeros as the negative prompt are possible with a cfg of 1 alone: give it a text.")
                );

    private Dictionary<int, string> Images(PromptGraph graph, Recipe recipe, List<GraphProblem> problems)
    {
        var images = new Dictionary<int, string>();
        foreach (var (frame, name) in new[] { (0, recipe.Image), (-1, recipe.LastImage) })
        {
            if (name is not null && pictures.Find(name) is { } path)
            {
                images[frame] = path;
            }
        }

        problems.AddRange(
            graph
                .Used.Where(node => node.ClassType == "LoadImage" && !Shown(graph.ValueOf(node, "image")?.ToString()))
                .Select(node => GraphProblem.NotSupported(node.Id, "the picture is neither the first nor the last frame.", "image"))
        );
        problems.AddRange(
            graph
                .Used.Where(node =>
                    names.HasVision && Frames.Any(frame => node.LinkOf(frame) is not null) && !Visions.Any(node.Inputs.ContainsKey)
                )
                .Select(node => GraphProblem.NotSupported(node.Id, "the model sees pictures through CLIP: link a CLIPVisionEncode, too."))
        );
        return images;

        bool Shown(string? name) => name is not null && (name == recipe.Image || name == recipe.LastImage);
    }

    private static string FormatOf(GraphNode saver) =>
        saver.ClassType switch
        {
            "SaveWEBM" => ".webm",
            "SaveAnimatedWEBP" => ".webp",
            "VHS_VideoCombine" when saver.Inputs["format"]?.ToString() is "image/webp" => ".webp",
            "VHS_VideoCombine" when saver.Inputs["format"]?.ToString() is "image/gif" => ".gif",
            _ => ".mp4",
        };

    /// <summary>The frames a second that a node saves, as text; null where another node says it.</summary>
    private static string? Rate(PromptGraph graph, GraphNode saver) =>
        (graph.ValueOf(saver, "fps") ?? graph.ValueOf(saver, "frame_rate"))?.ToJsonString();

    /// <summary>The node that a sentence names.</summary>
    private static string? NodeIn(string sentence, PromptGraph graph) =>
        NodeName().Matches(sentence).Select(match => match.Groups["id"].Value).FirstOrDefault(id => graph.Find(id) is not null);

    /// <summary>The node that says what a sentence is about; the one that saves the clip where that is not known.</summary>
    private static string NodeAbout(string sentence, PromptGraph graph)
    {
        var inputs = Subjects.FirstOrDefault(subject => sentence.Contains(subject.Word, StringComparison.Ordinal)).Inputs ?? [];
        return graph.Used.FirstOrDefault(node => inputs.Any(node.Inputs.ContainsKey))?.Id ?? graph.Outputs[0];
    }

    private static string Unescaped(string text) =>
        text.Replace("\\(", "(", StringComparison.Ordinal).Replace("\\)", ")", StringComparison.Ordinal);

    [GeneratedRegex(@"\bnode (?<id>\S+) \(")]
    private static partial Regex NodeName();

    /// <summary>What a recipe says of the forms in its texts.</summary>
    [GeneratedRegex(@"\b(?:in|of|divides) the (?:negative )?prompt\b(?! of)")]
    private static partial Regex AboutText();

    [GeneratedRegex(@"(?<!\\)\([^()]*(?<!\\)\)")]
    private static partial Regex Emphasis();

    [GeneratedRegex("<[^<>:]*:[^<>]*>")]
    private static partial Regex Mark();

    [GeneratedRegex(@"\([^()]*:\s*[0-9.]+\)")]
    private static partial Regex Weight();
}
