using System.Globalization;
using System.Text.Json.Nodes;
using WanSharp.Jobs.Comfy;
using WanSharp.Tensors;
using WanSharp.Testing.Comfy;

namespace WanSharp.Jobs.Tests.Comfy;

/// <summary>Fills workflows with requests, and reads what they say then.</summary>
internal static class WorkflowFilling
{
    public static JsonObject Fill(string json, JobRequest request, string? mapping = null)
    {
        var workflow = Workflows.Parse(json);
        var map = ComfyMapping.Guess(workflow);
        if (mapping is not null)
        {
            var path = Path.Combine(Path.GetTempPath(), $"wan-mapping-{Guid.NewGuid():N}.json");
            File.WriteAllText(path, mapping);
            map = ComfyMapping.Read(path, workflow);
            File.Delete(path);
        }

        return FilledWorkflow.Fill(workflow, map, request).NodesWith(new Dictionary<ComfyRole, string>());
    }

    public static int Int(JsonObject nodes, string node, string input) =>
        (int)double.Parse(nodes[node]!["inputs"]![input]!.ToJsonString().Trim('"'), CultureInfo.InvariantCulture);

    public static void AssertRefused(string workflow, JobRequest request, string expected, string? mapping = null) =>
        Assert.Contains(
            expected,
            Assert.Throws<InvalidRequestException>(() => Fill(workflow, request, mapping)).Message,
            StringComparison.Ordinal
        );
}
