using WanSharp.Jobs.Recipes;
using WanSharp.Testing.Comfy;

namespace WanSharp.Jobs.Tests.Recipes;

/// <summary>LoRAs of ComfyUI's many nodes: read with their strengths, or named.</summary>
public class RecipeLoraTests
{
    [Fact]
    public void Loras_OfEveryKindOfNode_AreReadInTheirOrder()
    {
        var loras = """
            "90": {"class_type": "LoraLoader", "inputs": {"model": ["37", 0], "clip": ["38", 0], "lora_name": "a.safetensors",
              "strength_model": 1, "strength_clip": 1}},
            "91": {"class_type": "Power Lora Loader (rgthree)", "inputs": {"model": ["90", 0], "PowerLoraLoaderHeaderWidget": {"type": "x"},
              "lora_1": {"on": true, "lora": "b.safetensors", "strength": 0.5},
              "lora_2": {"on": false, "lora": "off.safetensors", "strength": 1},
              "lora_3": {"on": true, "lora": "c.safetensors", "strength": -1}}},
            "92": {"class_type": "LoraLoaderModelOnly", "inputs": {"model": ["91", 0], "lora_name": "zero.safetensors",
              "strength_model": 0}},
            """;
        var workflow = Workflows
            .TextToVideo.Replace("\"model\": [\"37\", 0]", "\"model\": [\"92\", 0]", StringComparison.Ordinal)
            .Insert(1, loras);

        var recipe = Read(workflow);

        Assert.Equal("a.safetensors;b.safetensors:0.5;c.safetensors:-1", recipe.Settings.Loras?.ToString());
        Assert.Empty(recipe.Unexpressed);
    }

    /// <summary>
    /// LoRAs of nodes that other people wrote: read in full, or named. What is switched off is off, and no strength is guessed.
    /// </summary>
    [Theory]
    [InlineData(
        """
            {"class_type": "Lora Loader (LoraManager)", "inputs": {"model": ["37", 0], "text": "<lora:x:0.8>", "loras": {"__value__":
             [{"name": "x", "strength": 0.8, "active": true}, {"name": "y.v2", "strength": "0.5", "active": true, "clipStrength": "1"},
              {"name": "off", "strength": 1, "active": false}]}}}
            """,
        "x.safetensors:0.8;y.v2.safetensors:0.5",
        null
    )]
    [InlineData(
        """
            {"class_type": "LoRA Text Loader (LoraManager)", "inputs": {"model": ["37", 0], "lora_syntax": "<lora:a:0.5> <lora:b:1:0.3>"}}
            """,
        "a.safetensors:0.5;b.safetensors",
        null
    )]
    [InlineData(
        """
            {"class_type": "CR Apply LoRA Stack", "inputs": {"model": ["37", 0], "clip": ["38", 0], "lora_stack": ["94", 0]}},
            "94": {"class_type": "CR LoRA Stack", "inputs": {"switch_1": "On", "lora_name_1": "a.safetensors", "model_weight_1": 0.6,
             "clip_weight_1": 1, "switch_2": "Off", "lora_name_2": "b.safetensors", "model_weight_2": 1, "clip_weight_2": 1,
             "switch_3": "On", "lora_name_3": "None", "model_weight_3": 1, "clip_weight_3": 1}}
            """,
        "a.safetensors:0.6",
        null
    )]
    [InlineData(
        """
            {"class_type": "easy loraStackApply", "inputs": {"model": ["37", 0], "lora_stack": ["94", 0]}},
            "94": {"class_type": "easy loraStack", "inputs": {"toggle": true, "mode": "simple", "num_loras": 1,
             "lora_1_name": "a.safetensors",
             "lora_1_strength": 0.7, "lora_1_model_strength": 1, "lora_1_clip_strength": 1, "lora_2_name": "b.safetensors",
             "lora_2_strength": 1}}
            """,
        "a.safetensors:0.7",
        null
    )]
    [InlineData(
        """
            {"class_type": "easy loraStackApply", "inputs": {"model": ["37", 0], "lora_stack": ["94", 0]}},
            "94": {"class_type": "easy loraStack", "inputs": {"toggle": false, "mode": "simple", "num_loras": 1,
             "lora_1_name": "a.safetensors",
             "lora_1_strength": 0.7}}
            """,
        null,
        null
    )]
    [InlineData(
        """
            {"class_type": "CR Apply LoRA Stack", "inputs": {"model": ["37", 0], "clip": ["38", 0], "lora_stack": ["94", 0]}},
            "94": {"class_type": "LoRA Stacker", "inputs": {"input_mode": "advanced", "lora_count": 1, "lora_name_1": "a.safetensors",
             "lora_wt_1": 1, "model_str_1": 0.4, "clip_str_1": 1, "lora_name_2": "b.safetensors", "model_str_2": 1}}
            """,
        "a.safetensors:0.4",
        null
    )]
    [InlineData(
        """
            {"class_type": "LoraLoader|pysssss", "inputs": {"model": ["37", 0], "lora_name": {"content": "a.safetensors"},
             "strength_model": 0.5}}
            """,
        "a.safetensors:0.5",
        null
    )]
    [InlineData(
        """
            {"class_type": "LoraLoaderBlockWeight //Inspire", "inputs": {"model": ["37", 0], "lora_name": "a.safetensors",
             "strength_model": 1,
             "strength_clip": 1, "inverse": false, "block_vector": "1,0,0,1"}}
            """,
        "a.safetensors",
        "block_vector of node 93"
    )]
    [InlineData(
        """{"class_type": "Some Lora Thing", "inputs": {"model": ["37", 0], "lora_name": "a.safetensors", "power": 1}}""",
        null,
        "the strength of the LoRA a.safetensors of node 93 (Some Lora Thing) is not known"
    )]
    [InlineData("""{"class_type": "LoraMagic", "inputs": {"model": ["37", 0]}}""", null, "node 93 (LoraMagic) gives LoRAs")]
    [InlineData("""{"class_type": "FancyLoader", "inputs": {"model": ["37", 0]}}""", null, "node 93 (FancyLoader) changes the model")]
    [InlineData("""{"class_type": "ModelSamplingFlux", "inputs": {"model": ["37", 0]}}""", null, "node 93 (ModelSamplingFlux) changes")]
    public void Loras_OfOtherPeoplesNodes_AreReadOrNamed(string node, string? loras, string? unsaid)
    {
        var workflow = Workflows
            .TextToVideo.Replace("\"model\": [\"37\", 0]", "\"model\": [\"93\", 0]", StringComparison.Ordinal)
            .Insert(1, $"\"93\": {node},");

        var recipe = Read(workflow);

        Assert.Equal(loras, recipe.Settings.Loras?.ToString());
        Assert.True(
            unsaid is null ? recipe.Unexpressed.Count == 0 : recipe.Unexpressed.Any(one => one.Contains(unsaid, StringComparison.Ordinal)),
            string.Join("\n", recipe.Unexpressed)
        );
    }

    private static Recipe Read(string text) => RecipeReader.Read([("", text)], "workflow.json")!;
}
