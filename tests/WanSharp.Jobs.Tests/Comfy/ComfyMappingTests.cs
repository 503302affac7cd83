using System.Text.Json.Nodes;
using WanSharp.Jobs.Comfy;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Testing.Comfy;

namespace WanSharp.Jobs.Tests.Comfy;

public sealed class ComfyMappingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(
        Workflows.TextToVideo,
        """{"prompt":"6.text","negative":"7.text","seed":"3.seed","width":"40.width","height":"40.height","frames":"40."""
            + """length","fps":"49.fps","steps":"3.steps","guidance":"3.cfg","sampler":"3.sampler_name","shift":"48.shift","output":"50"}"""
    )]
    [InlineData(
        Workflows.TwoExperts,
        """{"prompt":"10.text","negative":"11.text","seed":["30.noise_seed","31.noise_seed"],"width":["20.width","14.width"]"""
            + ""","height":["20.height","14.height"],"frames":"20.length","fps":"41.frame_rate","steps":["30.steps","31.steps"]"""
            + ""","guidance":["30.cfg","31.cfg"],"guidance_high":"30.cfg","sampler":["30.sampler_name","31.sampler_name"]"""
            + ""","shift":["5.shift","6.shift"],"image":"12.image","last_image":"13.image","output":"41"}"""
    )]
    [InlineData(
        Workflows.CustomSampling,
        """{"prompt":"4.value","seed":"8.noise_seed","width":"7.width","height":"7.height","frames":"7.length","fps":"14."""
            + """fps","steps":"11.steps","guidance":"9.cfg","sampler":"10.sampler_name","output":"14"}"""
    )]
    [InlineData(
        Workflows.Wrapper,
        """{"prompt":"3.positive_prompt","negative":"3.negative_prompt","seed":"5.seed","width":"4.width","height":"4."""
            + """height","frames":"4.num_frames","fps":"7.frame_rate","steps":"5.steps","guidance":"5."""
            + """cfg","sampler":"5.scheduler","shift":"5.shift","output":"7"}"""
    )]
    [InlineData(
        Workflows.WrapperExperts,
        """{"prompt":"3.positive_prompt","negative":"3.negative_prompt","seed":["5.seed","6.seed"],"width":"4.width","height":"4."""
            + """height","frames":"4.num_frames","fps":"8.frame_rate","steps":["5.steps","6.steps"],"guidance":["5.cfg","6.cfg"]"""
            + ""","guidance_high":"5.cfg","sampler":["5.scheduler","6.scheduler"],"shift":["5.shift","6.shift"],"output":"8"}"""
    )]
    [InlineData(
        Workflows.SplitExperts,
        """{"prompt":"5.text","negative":"6.text","seed":"8.noise_seed","width":"7.width","height":"7.height","frames":"7."""
            + """length","fps":"20.fps","steps":"13.steps","guidance":["10.cfg","11.cfg"],"guidance_high":"10."""
            + """cfg","sampler":"12.sampler_name","shift":["3.shift","4.shift"],"output":"20"}"""
    )]
    public void Guess_OfTheUsualWorkflows_FindsEveryInput(string workflow, string expected) =>
        Assert.Equal(expected, ComfyMapping.Guess(Workflows.Parse(workflow)).ToJson());

    [Fact]
    public void Guess_OfLinksInACircle_Ends()
    {
        var circle = Workflows.Parse(
            """
            {"1": {"class_type": "KSampler", "inputs": {"positive": ["2", 0], "seed": ["3", 0], "latent_image": ["1", 0]}},
             "2": {"class_type": "Anything", "inputs": {"conditioning": ["2", 0], "positive": ["2", 0]}},
             "3": {"class_type": "Primitive", "inputs": {"value": ["3", 0], "int": ["3", 0]}}}
            """
        );
        Assert.Equal("{}", ComfyMapping.Guess(circle).ToJson());
    }

    [Theory]
    [InlineData(Workflows.TextToVideo)]
    [InlineData(Workflows.TwoExperts)]
    public void ToJson_ReadBack_IsTheSame(string json)
    {
        var workflow = Workflows.Parse(json);
        var mapping = ComfyMapping.Guess(workflow);
        Assert.Equal(
            mapping.ToJson(),
            ComfyMapping.None.With(mapping.ToJson(), "kept", ComfyWorkflow.Parse(workflow.ToJson(), "kept")).ToJson()
        );
    }

    [Fact]
    public void Describe_TellsWhatGoesWhere()
    {
        var workflow = Workflows.Parse(Workflows.TextToVideo);
        var lines = ComfyMapping.Guess(workflow).Describe(workflow).ToList();
        Assert.Contains("prompt: text of node 6 (CLIPTextEncode)", lines);
        Assert.Contains("output: node 50 (SaveVideo)", lines);
    }

    [Fact]
    public void With_AFile_ReplacesWhatItNamesAndKeepsTheRest()
    {
        var workflow = Workflows.Parse(Workflows.TextToVideo);
        var mapping = ComfyMapping
            .Guess(workflow)
            .With(Write("""{"negative": null, "seed": ["3.seed", "3.steps"], "output": "8"}"""), workflow);
        var json = JsonNode.Parse(mapping.ToJson())!.AsObject();
        Assert.False(json.ContainsKey("negative"));
        Assert.Equal("""["3.seed","3.steps"]""", json["seed"]!.ToJsonString());
        Assert.Equal("6.text", json["prompt"]!.GetValue<string>());
        Assert.Equal("8", json["output"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("""{"prompts": "6.text"}""", "Did you mean prompt?")]
    [InlineData("""{"prompt": "6"}""", "6.text")]
    [InlineData("""{"prompt": 6}""", "6.text")]
    [InlineData("""{"prompt": "99.text"}""", "node 99")]
    [InlineData("""{"prompt": "6.words"}""", "text, clip")]
    [InlineData("""{"output": "99"}""", "99")]
    [InlineData("""["6.text"]""", "not a JSON object")]
    [InlineData("""{"prompt": """, "not JSON")]
    [InlineData("""{"prompt": "6.text", "prompt": "7.text"}""", "not JSON")]
    public void With_AFileThatDoesNotFit_SaysWhatIsWrong(string json, string expected)
    {
        var workflow = Workflows.Parse(Workflows.TextToVideo);
        var error = Assert.Throws<InvalidRequestException>(() => ComfyMapping.Guess(workflow).With(Write(json), workflow));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"nodes": [], "links": []}""", "Export (API)")]
    [InlineData("""{"6": {"class_type": "CLIPTextEncode"}}""", "node 6")]
    [InlineData("""{"6": 1}""", "node 6")]
    [InlineData("{}", "without nodes")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("{", "not JSON")]
    public void Parse_OfWhatIsNoWorkflow_SaysWhatToGive(string json, string expected) =>
        Assert.Contains(expected, Assert.Throws<InvalidRequestException>(() => Workflows.Parse(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_OfAMissingFile_NamesIt()
    {
        var error = Assert.Throws<InvalidRequestException>(() => ComfyWorkflow.Load(_folder["none.json"]));
        Assert.Contains("none.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_OfARequestsBody_TakesItsPrompt() =>
        Assert.Equal(
            "{}",
            ComfyMapping.Guess(Workflows.Parse("""{"prompt": {"1": {"class_type": "A", "inputs": {}}}, "client_id": "x"}""")).ToJson()
        );

    private string Write(string json)
    {
        var path = _folder["mapping.json"];
        File.WriteAllText(path, json);
        return path;
    }
}
