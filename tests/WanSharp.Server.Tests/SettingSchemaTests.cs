using System.Text.Json.Nodes;
using WanSharp.Engine.Requests;
using WanSharp.Server.Mcp;
using WanSharp.Server.Videos;

namespace WanSharp.Server.Tests;

/// <summary>Agents and programs are told of each setting all that is taken.</summary>
public sealed class SettingSchemaTests
{
    [Fact]
    public void AList_IsOfferedAsAnArrayToo()
    {
        foreach (
            var (name, schema) in McpSchema.Settings().Concat(VideoFields.SettingsSchema().Select(one => (one.Key, one.Value!.AsObject())))
        )
        {
            var isList = SettingFields.Find(name)?.IsList == true;
            Assert.True(!isList || Types(schema).Contains("array"), $"{name}: {schema}");
        }
    }

    [Fact]
    public void AgentsAndPrograms_AreToldTheSame()
    {
        var programs = VideoFields.SettingsSchema().ToDictionary(one => one.Key, one => one.Value!.AsObject());
        foreach (var (name, schema) in McpSchema.Settings())
        {
            Assert.Empty(Types(schema).Except(Types(programs[name])));
            Assert.Equal(Others(programs[name]), Others(schema));
        }

        static string Others(JsonObject schema)
        {
            var copy = schema.DeepClone().AsObject();
            copy.Remove("type");
            return copy.ToJsonString();
        }
    }

    private static List<string> Types(JsonObject schema) =>
        schema["type"] is JsonArray several ? [.. several.Select(one => one!.GetValue<string>())] : [schema["type"]!.GetValue<string>()];
}
