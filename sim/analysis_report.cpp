// SPDX-License-Identifier: Apache-2.0
#include "sim/analysis_report.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/csv.h"
#include "sim/text_table.h"

namespace systolog::sim {
namespace {

Json errors_json(const OutputErrors& e) {
  return {{"bias", e.gain},
          {"bias_spread", e.gain_spread},
          {"mean", e.mean},
          {"std", e.std},
          {"rest", e.rest}};
}

Json errors_json(const std::optional<OutputErrors>& e) { return e ? errors_json(*e) : Json(); }

Json answers_json(const EndErrors& end) {
  Json json = errors_json(end.outputs);
  json["agreement"] = end.accuracy.agreement;
  json["top1"] = end.accuracy.labelled ? Json(end.accuracy.top1) : Json();
  return json;
}

std::string percent(const Json& value, int decimals = 2) {
  return value.is_null() ? "-" : fixed_point(100 * value.get<double>(), decimals);
}

/// A field of an object that may be null.
Json at(const Json& object, const char* key) { return object.is_null() ? Json() : object.at(key); }

}  // namespace

Json analysis_json(const Analysis& a) {
  Json json = {{"systolog", SYSTOLOG_VERSION},
               {"workload", a.workload},
               {"data", a.data},
               {"images", a.images},
               {"pixels", a.pixels},
               {"fp32_top1", a.baseline.labelled ? Json(a.baseline.top1) : Json()},
               {"arithmetics", Json::array()},
               {"bias_only", Json::array()}};
  for (const AnalysisOfArithmetic& of : a.arithmetics) {
    Json entry = {{"arithmetic", of.arithmetic},
                  {"outputs", answers_json(of.end)},
                  {"outputs_compensated", of.compensated ? answers_json(*of.compensated) : Json()},
                  {"layers", Json::array()}};
    for (const LayerErrors& l : of.layers) {
      Json layer = {{"layer", l.layer},
                    {"op", l.op},
                    {"products", l.products},
                    {"channels", l.channels},
                    {"groups", l.groups},
                    {"depthwise", l.is_depthwise()},
                    {"sums", errors_json(l.sums)},
                    {"after_batch_norm", errors_json(l.normalised)},
                    {"after_refitted_batch_norm", errors_json(l.renormalised)},
                    {"lengths", Json::array()}};
      for (const LengthErrors& length : l.lengths) {
        Json point = errors_json(length.errors);
        point["products"] = length.products;
        point["rest_of_magnitudes"] = length.rest_of_magnitudes;
        layer["lengths"].push_back(std::move(point));
      }
      entry["layers"].push_back(std::move(layer));
    }
    json["arithmetics"].push_back(std::move(entry));
  }
  for (const BiasOnly& b : a.biased) {
    Json entry = answers_json(b.end);
    entry["product_bias"] = b.bias;
    json["bias_only"].push_back(std::move(entry));
  }
  return json;
}

std::string analysis_layers_csv(const Json& report) {
  std::string text =
      "arithmetic,layer,op,products,channels,groups,bias,bias_spread,mean,std,rest,bn_bias,bn_mean,"
      "bn_std,bn_rest,refit_bias,refit_mean,refit_std,refit_rest\n";
  for (const Json& of : report.at("arithmetics")) {
    for (const Json& l : of.at("layers")) {
      const Json &s = l.at("sums"), &n = l.at("after_batch_norm"),
                 &r = l.at("after_refitted_batch_norm");
      text += csv_row({of.at("arithmetic"), l.at("layer"), l.at("op"), l.at("products"),
                       l.at("channels"), l.at("groups"), s.at("bias"), s.at("bias_spread"),
                       s.at("mean"), s.at("std"), s.at("rest"), at(n, "bias"), at(n, "mean"),
                       at(n, "std"), at(n, "rest"), at(r, "bias"), at(r, "mean"), at(r, "std"),
                       at(r, "rest")});
    }
  }
  return text;
}

std::string analysis_lengths_csv(const Json& report) {
  std::string text =
      "arithmetic,layer,depthwise,products,bias,bias_spread,mean,std,rest,rest_of_magnitudes\n";
  for (const Json& of : report.at("arithmetics")) {
    for (const Json& l : of.at("layers")) {
      for (const Json& p : l.at("lengths")) {
        text += csv_row({of.at("arithmetic"), l.at("layer"), l.at("depthwise"), p.at("products"),
                         p.at("bias"), p.at("bias_spread"), p.at("mean"), p.at("std"), p.at("rest"),
                         p.at("rest_of_magnitudes")});
      }
    }
  }
  return text;
}

std::string analysis_text(const Json& report) {
  std::string text = report.at("workload").get<std::string>() + ", " +
                     report.at("data").get<std::string>() + ", " + grouped(report.at("images")) +
                     " images, " + grouped(report.at("pixels")) +
                     " outputs of each layer an image; percent\n\n";
  for (const Json& of : report.at("arithmetics")) {
    TextTable table({of.at("arithmetic"), "products", "bias", "+-", "rest", "BN: bias", "rest",
                     "refit: bias", "rest"});
    for (const Json& l : of.at("layers")) {
      const Json &s = l.at("sums"), &n = l.at("after_batch_norm"),
                 &r = l.at("after_refitted_batch_norm");
      table.add({l.at("layer").get<std::string>() + (l.at("depthwise").get<bool>() ? " (dw)" : ""),
                 grouped(l.at("products")), percent(s.at("bias")), percent(s.at("bias_spread")),
                 percent(s.at("rest")), percent(at(n, "bias")), percent(at(n, "rest")),
                 percent(at(r, "bias")), percent(at(r, "rest"))});
    }
    text += table.to_string() + "\n";
  }
  TextTable ends({"whole network", "bias of outputs", "rest", "= FP32", "top-1"});
  const auto add = [&](const std::string& name, const Json& row) {
    ends.add({name, percent(row.at("bias")), percent(row.at("rest")),
              percent(row.at("agreement"), 1), percent(row.at("top1"), 1)});
  };
  for (const Json& of : report.at("arithmetics")) {
    add(of.at("arithmetic"), of.at("outputs"));
    const Json& compensated = of.at("outputs_compensated");
    if (!compensated.is_null()) add("  compensated", compensated);
  }
  for (const Json& b : report.at("bias_only")) {
    add("FP32, products " + percent(b.at("product_bias"), 1) + " %", b);
  }
  text += ends.to_string();
  text += "FP32 top-1: " + percent(report.at("fp32_top1"), 1) + "\n\n";
  text +=
      "bias: factor shared by a layer's outputs, less 1; +-: its spread over channels; rest: what "
      "is\nleft beside it, relative to the outputs (root mean squares). BN: after the layer's "
      "batch "
      "norm;\nrefit: after one whose statistics are taken in the arithmetic itself. compensated: "
      "with "
      "--compensate-bias.\n";
  return text;
}

}  // namespace systolog::sim
