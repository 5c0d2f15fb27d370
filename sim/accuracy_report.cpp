// SPDX-License-Identifier: Apache-2.0
#include "sim/accuracy_report.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "models/name.h"
#include "models/wilson.h"
#include "sim/csv.h"
#include "sim/text_table.h"

namespace systolog::sim {
namespace {

constexpr const char* kIntervals = "95 %, Wilson's score interval [Wilson 1927]";

Json finite(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json interval(double share, std::size_t images) {
  const models::Interval i = models::wilson_95(share, static_cast<double>(images));
  return {i.low, i.high};
}

/// The figures of one row; shares are fractions of 1, null where there are no labels.
Json figures(const Accuracy& a) {
  Json json = {{"agreement", a.agreement},
               {"agreement_interval_95", interval(a.agreement, a.images)},
               {"mean_abs_error", finite(a.mean_abs_error)},
               {"max_abs_error", finite(a.max_abs_error)}};
  json["top1"] = json["top1_interval_95"] = json["topk"] = json["topk_interval_95"] = nullptr;
  if (!a.labelled) return json;
  json["top1"] = a.top1;
  json["top1_interval_95"] = interval(a.top1, a.images);
  json["topk"] = a.topk;
  json["topk_interval_95"] = interval(a.topk, a.images);
  return json;
}

Json row_json(const Evaluated& row) {
  Json json = figures(row.accuracy);
  json["arithmetic"] = row.plan.name();
  json["quantisation"] = row.quantisation;
  json["output_sha256"] = sha256(row.outputs.values, row.more_outputs);
  return json;
}

Json common(const Evaluation& e) {
  const Accuracy baseline = e.baseline();
  Json fp32 = figures(baseline);
  fp32["arithmetic"] = "FP32 on the host";
  return {{"systolog", SYSTOLOG_VERSION},
          {"workload", e.graph().name},
          {"data", e.images().name},
          {"preprocessing", e.images().preprocessing},
          {"images", baseline.images},
          {"labelled", baseline.labelled},
          {"k", baseline.k},
          {"accumulation", e.accumulation()},
          {"intervals", kIntervals},
          {"reference", std::move(fp32)}};
}

std::string heading(const Json& report) {
  return report.at("workload").get<std::string>() + ", " + report.at("data").get<std::string>() +
         ", " + grouped(report.at("images")) +
         " images; sums: " + report.at("accumulation").get<std::string>() + "\n\n";
}

std::string percent(const Json& value, int decimals = 2) {
  return value.is_null() ? "-" : fixed_point(100 * value.get<double>(), decimals);
}
std::string percents(const Json& interval) {
  if (interval.is_null()) return "-";
  return percent(interval.at(0), 1) + " - " + percent(interval.at(1), 1);
}
std::string number(const Json& value) {
  if (value.is_null()) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value.get<double>());
  return text;
}

/// Points of top-1 lost against `before`; where there are no labels, of agreement with FP32.
double drop(const Json& before, const Json& after) {
  const char* key = before.at("top1").is_null() ? "agreement" : "top1";
  const double points = 100 * (before.at(key).get<double>() - after.at(key).get<double>());
  // Shares of whole images: what lies further behind is the subtraction's rounding.
  return std::round(points * 1e9) / 1e9;
}

std::string quantisation_notes(const Json& rows) {
  std::string text;
  for (const Json& row : rows) {
    const Json& q = row.at("quantisation");
    const auto note = [&](const std::string& line) {
      if (text.find(line) == std::string::npos) text += line + "\n";
    };
    if (q.contains("data")) {
      note("calibrated on " + grouped(q.at("images")) +
           (q.at("images") == 1 ? " image: " : " images: ") + q.at("data").get<std::string>());
    }
    if (!q.contains("compensated_bias")) continue;
    for (const auto& [arithmetic, mean] : q.at("compensated_bias").items()) {
      note("compensated: " + arithmetic + ", whose products have a mean error of " +
           percent(mean, 3) + " %");
    }
  }
  return text;
}

}  // namespace

Json accuracy_report_json(const Evaluation& evaluation, const std::vector<Evaluated>& rows) {
  Json json = common(evaluation);
  json["rows"] = Json::array();
  for (const Evaluated& row : rows) json["rows"].push_back(row_json(row));
  return json;
}

std::string accuracy_csv(const Json& report) {
  std::string text =
      "arithmetic,images,top1,top1_low,top1_high,k,topk,topk_low,topk_high,agreement,"
      "agreement_low,agreement_high,mean_abs_error,max_abs_error\n";
  const auto add = [&](const Json& row) {
    const auto end = [&](const char* key, std::size_t i) {
      return row.at(key).is_null() ? Json() : row.at(key).at(i);
    };
    text += csv_row(
        {row.at("arithmetic"), report.at("images"), row.at("top1"), end("top1_interval_95", 0),
         end("top1_interval_95", 1), report.at("k"), row.at("topk"), end("topk_interval_95", 0),
         end("topk_interval_95", 1), row.at("agreement"), end("agreement_interval_95", 0),
         end("agreement_interval_95", 1), row.at("mean_abs_error"), row.at("max_abs_error")});
  };
  add(report.at("reference"));
  for (const Json& row : report.at("rows")) add(row);
  return text;
}

std::string accuracy_text(const Json& report, const std::vector<double>& seconds) {
  const std::string top_k = "top-" + std::to_string(report.at("k").get<std::size_t>()) + " %";
  const bool labelled = report.at("labelled").get<bool>();
  std::vector<std::string> columns = {"arithmetic"};
  if (labelled) columns.insert(columns.end(), {"top-1 %", "95 %", "drop", top_k, "95 %"});
  columns.insert(columns.end(), {"= FP32 %", "95 %", "mean error", "max error", "s"});
  TextTable table(columns);
  const auto add = [&](const Json& row, const std::string& time) {
    std::vector<std::string> cells = {row.at("arithmetic")};
    if (labelled) {
      cells.insert(cells.end(), {percent(row.at("top1")), percents(row.at("top1_interval_95")),
                                 fixed_point(drop(report.at("reference"), row), 2),
                                 percent(row.at("topk")), percents(row.at("topk_interval_95"))});
    }
    cells.insert(cells.end(),
                 {percent(row.at("agreement")), percents(row.at("agreement_interval_95")),
                  number(row.at("mean_abs_error")), number(row.at("max_abs_error")), time});
    table.add(cells);
  };
  add(report.at("reference"), "-");
  const Json& rows = report.at("rows");
  for (std::size_t i = 0; i < rows.size(); ++i) add(rows[i], fixed_point(seconds.at(i), 1));
  return heading(report) + table.to_string() + "\n" + quantisation_notes(rows) +
         "intervals: " + kIntervals + "; errors are of outputs, against FP32\n" +
         (labelled ? "" : "no labels: no accuracy\n");
}

Json sensitivity_json(const Evaluation& evaluation, const std::vector<Sensitivity>& tables) {
  Json json = common(evaluation);
  json["tables"] = Json::array();
  for (const Sensitivity& s : tables) {
    Json table = {{"base", row_json(s.all_base)},
                  {"arithmetic", s.arithmetic},
                  {"all_layers", row_json(s.all_switched)},
                  {"layers", Json::array()}};
    for (const LayerSensitivity& layer : s.layers) {
      Json row = row_json(layer.row);
      row["layer"] = layer.layer;
      row["op"] = layer.op;
      row["drop_points"] = drop(table.at("base"), row);
      table["layers"].push_back(std::move(row));
    }
    table["all_layers"]["drop_points"] = drop(table.at("base"), table.at("all_layers"));
    json["tables"].push_back(std::move(table));
  }
  return json;
}

std::string sensitivity_csv(const Json& report) {
  std::string text =
      "arithmetic,layer,op,drop_points,top1,topk,agreement,mean_abs_error,max_abs_error\n";
  for (const Json& table : report.at("tables")) {
    const auto add = [&](const Json& layer, const Json& op, const Json& points, const Json& row) {
      text += csv_row({table.at("arithmetic"), layer, op, points, row.at("top1"), row.at("topk"),
                       row.at("agreement"), row.at("mean_abs_error"), row.at("max_abs_error")});
    };
    add("(none)", nullptr, 0.0, table.at("base"));
    for (const Json& row : table.at("layers")) {
      add(row.at("layer"), row.at("op"), row.at("drop_points"), row);
    }
    add("(all)", nullptr, table.at("all_layers").at("drop_points"), table.at("all_layers"));
  }
  return text;
}

std::string sensitivity_text(const Json& report) {
  std::string text = heading(report);
  const bool labelled = report.at("labelled").get<bool>();
  for (const Json& table : report.at("tables")) {
    text += "one layer in " + table.at("arithmetic").get<std::string>() + ", the others in " +
            table.at("base").at("arithmetic").get<std::string>() + "\n\n";
    TextTable rows({"layer", "op", "top-1 %", "drop", "= FP32 %", "mean error", "max error"});
    const auto add = [&](const std::string& layer, const std::string& op, double points,
                         const Json& row) {
      rows.add({layer, op, percent(row.at("top1")), fixed_point(points, 2),
                percent(row.at("agreement")), number(row.at("mean_abs_error")),
                number(row.at("max_abs_error"))});
    };
    add("(none)", "", 0.0, table.at("base"));
    for (const Json& row : table.at("layers")) {
      add(row.at("layer"), row.at("op"), row.at("drop_points"), row);
    }
    add("(all)", "", table.at("all_layers").at("drop_points"), table.at("all_layers"));
    text += rows.to_string() + "\n" + quantisation_notes(table.at("layers"));
    text += "drop: points " + std::string(labelled ? "of top-1" : "of agreement") +
            " below the row (none); agreement and errors are against FP32\n";
  }
  return text;
}

}  // namespace systolog::sim
